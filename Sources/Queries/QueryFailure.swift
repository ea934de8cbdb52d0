package import HTTPTypes
internal import JSON

/// Why a request was not answered, in the shape that every error has:
/// `{"error":{"code":"bad_expression","message":"…","position":17}}`.
package struct QueryFailure: Error, Sendable, Equatable {
    package var status: HTTPResponse.Status
    package var code: String
    package var message: String
    /// Unicode scalars from the beginning of the text that is wrong.
    package var position: Int?
    /// That text, so that a terminal can show where it is wrong.
    package var text: String?

    package init(
        _ code: String, _ message: String, status: HTTPResponse.Status = .badRequest,
        position: Int? = nil, text: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.position = position
        self.text = text
    }

    /// For a terminal: the message, and a caret under the place.
    package var terminalText: String {
        var lines = [DisplayWidth.printable(message)]
        if let text, let position { lines += Caret(text, position).lines.map { "  " + $0 } }
        return lines.joined(separator: "\n") + "\n"
    }

    package var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("error")
            json.object { json in
                json.member("code", code)
                json.member("message", message)
                if let position { json.member("position", position) }
            }
        }
        return json.bytes
    }
}
