import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// What a parser makes of bytes that come in pieces.
struct Parsed: Equatable {
    var messages: [RequestCase.Message] = []
    var status: Int?
    var completed = 0

    init(_ bytes: [UInt8], pieces: Int = .max, limits: HTTPLimits = HTTPLimits()) {
        var parser = RequestParser(limits: limits)
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, pieces == .max ? .max : offset + pieces)
            let piece = Array(bytes[offset..<end])
            offset = end
            do {
                try read(piece, &parser)
            } catch {
                status = error.status.code
                return
            }
        }
    }

    private mutating func read(
        _ piece: [UInt8], _ parser: inout RequestParser
    ) throws(HTTPError) {
        var used = 0
        var failure: HTTPError?
        piece.withUnsafeBytes { bytes in
            do throws(HTTPError) {
                while true {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
                    let (count, event) = try parser.next(rest)
                    switch event {
                    case nil: return
                    case .head(let head):
                        messages.append(
                            .init(
                                method: head.method, url: head.target,
                                fields: head.fields.map { [$0.name.rawName, $0.value] },
                                isHeadComplete: true))
                    case .body(let range):
                        messages[messages.count - 1].body += String(
                            decoding: rest[range], as: UTF8.self)
                    case .end: completed += 1
                    }
                    used += count
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

@Suite struct `Requests` {
    /// Where we choose otherwise than llhttp's strict mode, and why.
    private static let differences: [String: String] = [
        "connection: No restart when keep-alive is off (1.0)": afterClose,
        "connection: CRLF between requests, explicit `close`": afterClose,
        "connection: CRLF between requests, explicit `close` followed by tab": afterClose,
        "invalid: HTTP protocol and ANNOUNCE method": unknownMethod,
        "invalid: Invalid method": unknownMethod,
        "method: SOURCE request with ICE": onlyHTTP,
        "method: OPTIONS request with RTSP": onlyHTTP,
        "method: ANNOUNCE request with RTSP": onlyHTTP,
        "sample: No HTTP version": "HTTP/0.9 is refused: nothing that sends spans speaks it",
        "sample: 255 ASCII in header value": "the log writes the byte as Latin-1, we keep it",
        "method: CONNECT with body": "its body is a body, not a tunnel's content",
        "uri: Quotes in URI": "the log shows a backslash and a quote as a quote",
        "transfer-encoding: POST with `chunked` as last transfer-encoding": onlyChunked,
        "transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)":
            onlyChunked,
    ]
    private static let afterClose = "the connection reads nothing after Connection: close"
    private static let unknownMethod = "any method that is a token reaches the handler, for 405"
    private static let onlyHTTP = "other protocols than HTTP are refused"
    private static let onlyChunked = "other transfer codings are answered with 501"

    @Test(.enabled(if: SharedData.isThere, "EVERYSPAN_SHARED is not set"))
    func `parse as llhttp's cases say, but for what is listed`() {
        var unexplained: [String] = []
        var stale = Set(Self.differences.keys)
        for test in RequestCase.all {
            let isPaused = [21, 22, 23].contains(test.errorCode)
            let isRefused = test.errorCode != nil && !isPaused
            // A line is judged when it ends, so what is to be refused gets its ends.
            let parsed = Parsed(test.input + (isRefused ? Array("\r\n\r\n".utf8) : []))
            let expected = test.messages.filter(\.isHeadComplete)
            let isSame: Bool
            if isPaused {
                // After an upgrade llhttp stops; here it is a request like others.
                isSame = expected.isEmpty || parsed.messages.first == expected.first
            } else if isRefused {
                isSame = parsed.status != nil
            } else {
                isSame = parsed.status == nil && parsed.messages == expected
            }
            if isSame { continue }
            if Self.differences[test.name] == nil {
                unexplained.append(
                    "\(test.name): \(parsed) instead of \(test.messages) \(test.errorCode ?? 0)")
            }
            stale.remove(test.name)
        }
        #expect(unexplained.isEmpty, "\(unexplained.joined(separator: "\n"))")
        #expect(stale.isEmpty)
        #expect(RequestCase.all.count > 100)
    }

    @Test(.enabled(if: SharedData.isThere, "EVERYSPAN_SHARED is not set"), arguments: [1, 2, 7])
    func `parse the same in whatever pieces they come`(size: Int) {
        for test in RequestCase.all {
            #expect(Parsed(test.input, pieces: size) == Parsed(test.input), "\(test.name)")
        }
    }

    @Test(arguments: 0..<10) func `never crash the parser, however they are damaged`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let request = Array(
            "POST /v1/spans?a=b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.0\r\n\r\n"
                .utf8)
        for _ in 0..<2000 {
            var bytes = request
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default:
                    bytes.insert([13, 10, 58, 0, 32].randomElement(using: &random) ?? 0, at: place)
                }
            }
            #expect(Parsed(bytes, pieces: 3) == Parsed(bytes))
        }
    }

    private static var small: HTTPLimits {
        var limits = HTTPLimits()
        limits.requestLineBytesMax = 100
        limits.headerBytesMax = 200
        limits.headerFieldsMax = 3
        return limits
    }

    @Test(
        arguments: [
            // A line of 100 bytes: method, target and version.
            (String(repeating: "a", count: 100 - 14), "", nil),
            (String(repeating: "a", count: 101 - 14), "", 414),
            ("a", String(repeating: "a: b\r\n", count: 3), nil),
            ("a", String(repeating: "a: b\r\n", count: 4), 431),
            ("a", "a: " + String(repeating: "b", count: 195) + "\r\n", nil),
            ("a", "a: " + String(repeating: "b", count: 196) + "\r\n", 431),
        ] as [(String, String, Int?)])
    func `are refused beyond each limit, not at it`(path: String, fields: String, status: Int?) {
        let request = Array("GET /\(path) HTTP/1.1\r\n\(fields)\r\n".utf8)
        let parsed = Parsed(request, limits: Self.small)
        #expect(parsed.status == status)
        #expect(parsed.completed == (status == nil ? 1 : 0))
    }

    @Test(arguments: [
        ("GET / HTTP/2.0", 505), ("GET / HTTP/1.2", 505), ("GET / HTTP/1.1\r\n a: b", 400),
        ("GET / HTTP/1.1\r\na : b", 400), ("GET / HTTP/1.1\r\na: b\0", 400),
        ("GET /\u{e9} HTTP/1.1", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1", 400),
        ("POST / HTTP/1.1\r\nContent-Length: +1", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1,1", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked", 501), ("GET\t/ HTTP/1.1", 400),
        ("GET  / HTTP/1.1", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc", 400),
    ]) func `are refused with the right status`(request: String, status: Int) {
        #expect(Parsed(Array("\(request)\r\n\r\n".utf8)).status == status)
    }
}
