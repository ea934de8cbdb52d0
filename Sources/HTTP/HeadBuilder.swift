internal import HTTPTypes

/// Puts a request's head together, line by line, and settles how its body is framed (RFC 9112, 6).
struct HeadBuilder {
    var fieldCount = 0
    private var method = ""
    private var target = ""
    private var minorVersion = 1
    private var fields = HTTPFields()
    private var contentLength: Int?
    private var transferEncoding: [String] = []
    private var connection: [String] = []

    init() {}

    // MARK: Request line

    mutating func readRequestLine(_ line: [UInt8]) throws(HTTPError) {
        let methodEnd = line.firstIndex { !Token.isPart($0) } ?? line.count
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 32 else {
            throw .badRequest("a request begins with a method and a space")
        }
        method = String(decoding: line[..<methodEnd], as: UTF8.self)
        let rest = line[(methodEnd + 1)...]
        let targetEnd = rest.firstIndex(of: 32) ?? line.count
        let bytes = line[(methodEnd + 1)..<targetEnd]
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw .badRequest("the target holds printable ASCII characters without spaces")
        }
        target = String(decoding: bytes, as: UTF8.self)
        try checkTarget()
        guard targetEnd < line.count else { throw .badRequest("the request line lacks a version") }
        try readVersion(Array(line[(targetEnd + 1)...]))
    }

    private func checkTarget() throws(HTTPError) {
        let isURL = target.hasPrefix("http://") || target.hasPrefix("https://")
        // An authority belongs to CONNECT, which handlers refuse.
        if target.hasPrefix("/") || isURL || target == "*" || method == "CONNECT" { return }
        throw .badRequest("the target begins with /, is an http URL, or is *")
    }

    private mutating func readVersion(_ bytes: [UInt8]) throws(HTTPError) {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[6] == UInt8(ascii: "."),
            (48...57).contains(bytes[5]), (48...57).contains(bytes[7])
        else { throw .badRequest("the request line ends with HTTP/1.1 or HTTP/1.0") }
        guard bytes[5] == 49, bytes[7] <= 49 else {
            throw HTTPError(.httpVersionNotSupported, "this server speaks HTTP/1.1 and HTTP/1.0")
        }
        minorVersion = Int(bytes[7]) - 48
    }

    // MARK: Fields

    mutating func readField(_ line: [UInt8]) throws(HTTPError) {
        let nameEnd = line.firstIndex { !Token.isPart($0) } ?? line.count
        guard nameEnd > 0, nameEnd < line.count, line[nameEnd] == UInt8(ascii: ":") else {
            let isFolded = line.first == 32 || line.first == 9
            throw .badRequest(
                isFolded ? "a folded header field" : "a header field is a name, a colon and a value"
            )
        }
        var value = line[(nameEnd + 1)...]
        while let first = value.first, first == 32 || first == 9 { value = value.dropFirst() }
        while let last = value.last, last == 32 || last == 9 { value = value.dropLast() }
        guard value.allSatisfy(FieldValue.isPart) else {
            throw .badRequest("a header field's value holds a control character")
        }
        let text = String(decoding: line[..<nameEnd], as: UTF8.self)
        guard let name = HTTPField.Name(text) else { throw .badRequest("a header field's name") }
        let content = String(decoding: value, as: UTF8.self)
        fields.append(HTTPField(name: name, value: content))
        switch name {
        case .contentLength: try readContentLength(Array(value))
        case .transferEncoding: transferEncoding += Self.list(content)
        case .connection: connection += Self.list(content)
        default: break
        }
    }

    private static func list(_ value: String) -> [String] {
        value.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
    }

    /// Two lengths are refused even where they agree: proxies have disagreed about which counts.
    private mutating func readContentLength(_ value: [UInt8]) throws(HTTPError) {
        guard contentLength == nil else { throw .badRequest("more than one Content-Length") }
        guard !value.isEmpty, value.allSatisfy({ (48...57).contains($0) }),
            let length = Int(String(decoding: value, as: UTF8.self))
        else { throw .badRequest("Content-Length is a decimal number") }
        contentLength = length
    }

    // MARK: End

    func finished() throws(HTTPError) -> RequestHead {
        if !transferEncoding.isEmpty {
            guard contentLength == nil else {
                throw .badRequest("Content-Length beside Transfer-Encoding")
            }
            guard minorVersion == 1 else { throw .badRequest("Transfer-Encoding in HTTP/1.0") }
            guard transferEncoding.last == "chunked",
                !transferEncoding.dropLast().contains("chunked")
            else { throw .badRequest("Transfer-Encoding ends with chunked, once") }
            guard transferEncoding.count == 1 else {
                throw HTTPError(.notImplemented, "the only transfer coding is chunked")
            }
        }
        let keepsAlive =
            minorVersion == 1 ? !connection.contains("close") : connection.contains("keep-alive")
        return RequestHead(
            method: method, target: target, fields: fields, minorVersion: minorVersion,
            contentLength: transferEncoding.isEmpty ? contentLength ?? 0 : nil,
            isChunked: !transferEncoding.isEmpty, keepsAlive: keepsAlive)
    }
}
