/// One request to the API, whoever answers it.
struct Question: Sendable {
    var method = "GET"
    let path: String
    /// In order; those without a value are left out.
    var parameters: [(name: String, value: String?)] = []
    var body: [UInt8] = []
    /// The media type that is wanted, where the route has a choice.
    var accept: String?
    /// Answered with 304 if this is still the answer's tag.
    var knownTag: String?

    /// The path with the parameters, percent-encoded (RFC 3986, 2.3).
    var target: String {
        let pairs = parameters.compactMap { name, value in
            value.map { "\(name)=\(Self.encoded($0))" }
        }
        return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isPlain =
                (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90)
                || (byte >= 97 && byte <= 122) || [45, 46, 95, 126].contains(byte)
            if isPlain {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return encoded
    }
}

/// Answers questions: a server, or a data directory that no server uses.
protocol Answering {
    /// - Parameter take: gets the body as it comes.
    /// - Returns: the status and the answer's tag.
    func ask(
        _ question: Question, _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> (status: Int, tag: String?)

    func finish() throws
}
