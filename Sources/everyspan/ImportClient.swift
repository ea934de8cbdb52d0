import ArgumentParser
import Foundation

/// Posts bodies to a server, one after the other over one connection: all that `import` needs of HTTP.
/// (Foundation's URLSession would add libcurl to what the binary needs.)
final class ImportClient {
    struct Reply {
        let status: Int
        let body: [UInt8]
    }

    private let host: String
    private let port: Int
    private let prefix: String
    private var descriptor: Int32 = -1
    private var input: [UInt8] = []
    /// Names this run and each of its requests, so that spans without ids are stored once though a request whose
    /// answer was lost is sent again.
    private let run = UUID()
    private var requests = 0

    init(url: String) throws {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host
        else { throw ValidationError("url is \(url); it is like http://127.0.0.1:4318") }
        self.host = host
        port = parts.port ?? 80
        prefix = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request until it is answered: a server that is busy is asked again.
    func post(_ request: ImportFile.Request) throws -> Reply {
        requests += 1
        for attempt in 0..<60 {
            if let reply = try? exchange(request), ![429, 503].contains(reply.status) {
                return reply
            }
            disconnect()
            if attempt == 0 { try connect() }
            Thread.sleep(forTimeInterval: min(5, 0.2 * Double(attempt + 1)))
        }
        throw ValidationError("\(request.place): http://\(host):\(port) does not answer")
    }

    private func connect() throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw ValidationError("cannot resolve \(host)")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let info = next {
            let candidate = socket(info.pointee.ai_family, info.pointee.ai_socktype, 0)
            if candidate >= 0,
                Glibc.connect(candidate, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0
            {
                descriptor = candidate
                input = []
                return
            }
            if candidate >= 0 { close(candidate) }
            next = info.pointee.ai_next
        }
        throw ValidationError("nothing listens on http://\(host):\(port)")
    }

    private func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func exchange(_ request: ImportFile.Request) throws -> Reply {
        if descriptor < 0 { try connect() }
        let head =
            "POST \(prefix)\(request.path) HTTP/1.1\r\nHost: \(host):\(port)\r\n"
            + "Content-Type: \(request.contentType)\r\nContent-Length: \(request.body.count)\r\n"
            + "Idempotency-Key: \(run)/\(requests)\r\n\r\n"
        try send(Array(head.utf8))
        try send(request.body)
        return try reply()
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { throw POSIXError(.EPIPE) }
            sent += count
        }
    }

    /// Answers of the ingest routes have a Content-Length.
    private func reply() throws -> Reply {
        let end = Array("\r\n\r\n".utf8)
        while input.firstRange(of: end) == nil { try receive() }
        guard let range = input.firstRange(of: end) else { throw POSIXError(.EBADMSG) }
        let lines = String(decoding: input[..<range.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        guard let first = lines.first?.split(separator: " "), first.count > 1,
            let status = Int(first[1])
        else { throw POSIXError(.EBADMSG) }
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        input.removeFirst(range.upperBound)
        while input.count < length { try receive() }
        let body = Array(input[..<length])
        input.removeFirst(length)
        return Reply(status: status, body: body)
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { throw POSIXError(.ECONNRESET) }
        input += buffer[..<count]
    }
}
