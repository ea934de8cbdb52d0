package import HTTPTypes

/// Why a request is refused before any handler sees it.
package struct HTTPError: Error, Sendable, Equatable {
    package let status: HTTPResponse.Status
    package let message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    static func badRequest(_ message: String) -> HTTPError { HTTPError(.badRequest, message) }

    /// The plain answer, in the shape that all errors of the service have.
    package var response: Response {
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        let code = "http_\(status.code)"
        let text = "{\"error\":{\"code\":\"\(code)\",\"message\":\"\(message)\"}}\n"
        return Response(status, fields, body: .bytes(Array(text.utf8)))
    }
}
