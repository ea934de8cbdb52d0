import ArgumentParser
import Foundation

/// One connection to a server, reading and writing whole requests: all that the commands need of HTTP.
/// (Foundation's URLSession would add libcurl to what the binary needs. TLS is the proxy's.)
final class HTTPSocket {
    struct Head {
        let status: Int
        /// Names in lower case.
        let fields: [String: String]
    }

    /// The server cannot be reached, or what it says is no HTTP.
    struct Unreachable: Error, CustomStringConvertible {
        let description: String
    }

    let host: String
    let port: Int
    /// Before the path of each request.
    let prefix: String
    private var descriptor: Int32 = -1
    private var input: [UInt8] = []

    init(url: String) throws {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host,
            !host.isEmpty
        else {
            throw ValidationError(
                "url is \(url); it is like http://127.0.0.1:4318 (for https, ask the proxy's own port)"
            )
        }
        // An IPv6 address stands in brackets, which are no part of it.
        self.host = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        port = parts.port ?? 80
        prefix = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
    }

    deinit { disconnect() }

    var isConnected: Bool { descriptor >= 0 }
    var address: String { "http://\(authority)" }
    private var authority: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    func connect() throws {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw Unreachable(description: "cannot resolve \(host)")
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
        throw Unreachable(
            description: "nothing listens on \(address); everyspan serve starts a server there")
    }

    func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    // MARK: Writing

    /// - Parameter fields: beside Host and Content-Length.
    func send(
        _ method: String, _ target: String, fields: [(String, String)], body: [UInt8]
    ) throws {
        var head = "\(method) \(prefix)\(target) HTTP/1.1\r\nHost: \(authority)\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if method != "GET" { head += "Content-Length: \(body.count)\r\n" }
        try send(Array((head + "\r\n").utf8))
        try send(body)
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { throw Unreachable(description: "\(address) closed the connection") }
            sent += count
        }
    }

    // MARK: Reading

    func readHead() throws -> Head {
        let end = Array("\r\n\r\n".utf8)
        while input.firstRange(of: end) == nil { try receive() }
        guard let range = input.firstRange(of: end) else { throw notHTTP }
        let lines = String(decoding: input[..<range.lowerBound], as: UTF8.self)
            .components(separatedBy: "\r\n")
        guard let first = lines.first?.split(separator: " "), first.count > 1,
            first[0].hasPrefix("HTTP/1."), let status = Int(first[1])
        else { throw notHTTP }
        input.removeFirst(range.upperBound)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 {
                fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return Head(status: status, fields: fields)
    }

    /// Hands over the body as it comes: of a known length, in chunks, or until the connection ends.
    func readBody(_ head: Head, _ take: ([UInt8]) throws -> Void) throws {
        if head.fields["transfer-encoding"]?.lowercased() == "chunked" {
            while true {
                let line = try readLine()
                guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { throw notHTTP }
                if size == 0 { break }
                try read(size, take)
                _ = try readLine()
            }
            while try !readLine().isEmpty {}
        } else if let length = head.fields["content-length"].flatMap({ Int($0) }) {
            try read(length, take)
        } else if head.status != 204, head.status != 304 {
            defer { disconnect() }
            while true {
                if !input.isEmpty { try take(input) }
                input = []
                guard (try? receive()) != nil else { return }
            }
        }
    }

    private var notHTTP: Unreachable {
        Unreachable(description: "\(address) does not answer as an Everyspan server does")
    }

    private func read(_ count: Int, _ take: ([UInt8]) throws -> Void) throws {
        var rest = count
        while rest > 0 {
            if input.isEmpty { try receive() }
            let part = Array(input.prefix(rest))
            input.removeFirst(part.count)
            rest -= part.count
            try take(part)
        }
    }

    private func readLine() throws -> String {
        while true {
            if let feed = input.firstIndex(of: 10) {
                let line = String(decoding: input[..<feed], as: UTF8.self)
                input.removeFirst(feed + 1)
                return line.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            try receive()
        }
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { throw Unreachable(description: "\(address) closed the connection") }
        input += buffer[..<count]
    }
}
