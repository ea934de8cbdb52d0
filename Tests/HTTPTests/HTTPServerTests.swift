import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

/// Says what it got; some paths do more.
private final class EchoHandler: HTTPHandler {
    let pieces = Mutex(0)
    let cancelled = Mutex(false)

    func admit(_ head: RequestHead) -> Admission {
        head.path == "/refused"
            ? .refuse(Response(.unauthorized, body: .bytes(Array("no".utf8))))
            : .read(bodyBytesMax: 1000)
    }

    func respond(to request: Request) async -> Response {
        switch request.head.path {
        case "/stream":
            return Response(
                .ok,
                body: .stream { writer in
                    for index in 0..<3 { try await writer.write(Array("piece \(index) ".utf8)) }
                })
        case "/broken":
            return Response(
                .ok,
                body: .stream { writer in
                    try await writer.write(Array("half".utf8))
                    throw ClientGone()
                })
        case "/endless":
            return Response(
                .ok,
                body: .stream { writer in
                    while true {
                        try await writer.write([UInt8](repeating: 120, count: 64 << 10))
                        self.pieces.withLock { $0 += 1 }
                    }
                })
        case "/slow":
            try? await Task.sleep(for: .milliseconds(300))
            return Response(.ok, body: .bytes(Array("slow".utf8)))
        case "/slower":
            // Longer than it takes to ask a client whether it is still there.
            guard (try? await Task.sleep(for: .milliseconds(1500))) != nil else {
                cancelled.withLock { $0 = true }
                return Response(.ok)
            }
            return Response(.ok, body: .bytes(Array("slower".utf8)))
        case "/forever":
            while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(10)) }
            cancelled.withLock { $0 = true }
            return Response(.ok)
        case "/nothing": return Response(.noContent)
        default:
            let text =
                "\(request.head.method) \(request.head.path) \(request.head.query ?? "-") \(String(decoding: request.body, as: UTF8.self))"
            return Response(.ok, body: .bytes(Array(text.utf8)))
        }
    }

    func refuse(_ error: HTTPError, _ head: RequestHead?) -> Response { error.response }
}

@Suite(.timeLimit(.minutes(1))) struct `HTTP server` {
    private let handler = EchoHandler()

    private func serve(
        _ limits: HTTPLimits = HTTPLimits(), _ body: (Int, HTTPServer) async throws -> Void
    ) async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, limits: limits, handler: handler)
        await server.start()
        try await body(server.port, server)
        await server.drain(timeout: .seconds(1))
    }

    @Test func `answers pipelined requests in order over one connection`() async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send(
                "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nPOST /b?c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi\r\nPOST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nGET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\n"
            )
            let text = await client.read()
            let bodies = ["slow", "POST /b c hi", "POST /d - abcde", "GET /last - "]
            var rest = text[...]
            for body in bodies {
                let range = try #require(rest.firstRange(of: "\r\n\r\n\(body)"), "\(text)")
                rest = rest[range.upperBound...]
            }
            #expect(
                !text.contains("never")
                    && text.components(separatedBy: "HTTP/1.1 200 OK").count == 5)
            #expect(text.contains("Connection: close"))
        }
    }

    @Test func `continues only what is admitted`() async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send(
                "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("ok")
            #expect(await client.read(until: "POST /a - ok").contains("200 OK"))
            client.send(
                "POST /refused HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            let refusal = await client.read()
            #expect(
                refusal.hasPrefix("HTTP/1.1 401 Unauthorized")
                    && refusal.contains("Connection: close"))
            let large = try Client(port: port)
            large.send(
                "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n"
            )
            #expect(await large.read().hasPrefix("HTTP/1.1 413"))
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n", "417"), ("nonsense\r\n\r\n", "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
        ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
                + String(repeating: "a", count: 1001), "413"
        ),
    ]) func `refuses with the right status, and closes so that it can be read`(
        request: String, status: String
    ) async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send(request)
            let text = await client.read()
            #expect(text.hasPrefix("HTTP/1.1 \(status) ") && text.contains("\"error\""))
        }
    }

    @Test func `answers HEAD without a body, 204 without a length, and HTTP/1.0 by closing`()
        async throws
    {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send(
                "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /y HTTP/1.0\r\n\r\n"
            )
            let parts = await client.read().components(separatedBy: "HTTP/1.1 ")
            #expect(parts.count == 4)
            #expect(parts[1].contains("Content-Length: 10") && parts[1].hasSuffix("\r\n\r\n"))
            #expect(parts[2].hasPrefix("204") && !parts[2].contains("Content-Length"))
            #expect(parts[3].hasSuffix("GET /y - "))
            let old = try Client(port: port)
            old.send("GET /stream HTTP/1.0\r\n\r\n")
            let text = await old.read()
            #expect(text.hasSuffix("\r\n\r\npiece 0 piece 1 piece 2 ") && !text.contains("chunked"))
        }
    }

    @Test func `answers a client that has finished sending`() async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            client.finishSending()
            #expect(await client.read().hasSuffix("\r\n\r\nslow"))
        }
    }

    @Test(arguments: ["1.1", "1.0"])
    func `answers a client that only has finished sending, however long that takes`(
        version: String
    ) async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send("GET /slower HTTP/\(version)\r\nHost: x\r\n\r\n")
            client.finishSending()
            let text = await client.read()
            #expect(text.hasSuffix("\r\n\r\nslower"))
            // HTTP/1.0 knows no interim responses.
            #expect(version == "1.1" || text.hasPrefix("HTTP/1.1 200"))
            #expect(!handler.cancelled.withLock { $0 })
        }
    }

    @Test func `answers all that was sent before a client finished sending`() async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send(
                "GET /slower HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
            )
            client.finishSending()
            let text = await client.read()
            let first = try #require(text.range(of: "slower"))
            #expect(text[first.upperBound...].hasSuffix("\r\n\r\nPOST /b - hi"))
        }
    }

    @Test func `streams in chunks, and breaks off a body that failed`() async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(
                await client.read(until: "\r\n0\r\n\r\n").hasSuffix(
                    "8\r\npiece 0 \r\n8\r\npiece 1 \r\n8\r\npiece 2 \r\n0\r\n\r\n"))
            client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = await client.read()
            #expect(text.contains("half") && !text.contains("\r\n0\r\n"))
        }
    }

    @Test func `makes a writer wait for a client that does not read`() async throws {
        try await serve { port, server in
            let client = try Client(port: port)
            client.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = await client.readSome(100)
            try await Task.sleep(for: .milliseconds(400))
            let before = handler.pieces.withLock { $0 }
            try await Task.sleep(for: .milliseconds(200))
            // What the kernel's buffers and ours hold, some megabytes, and then nothing.
            #expect(before < 1000 && handler.pieces.withLock { $0 } == before)
            for _ in 0..<200 { _ = await client.readSome(1 << 16) }
            try await Task.sleep(for: .milliseconds(100))
            #expect(handler.pieces.withLock { $0 } > before)
        }
    }

    /// A reset, an orderly close, and a close with another request behind the one that is being answered.
    @Test(arguments: [(true, false), (false, false), (false, true)])
    func `cancels the answer to a client that has gone`(
        resets: Bool, sendsMore: Bool
    ) async throws {
        try await serve { port, _ in
            let client = try Client(port: port)
            client.send("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")
            if sendsMore { client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            try await Task.sleep(for: .milliseconds(100))
            if resets { client.reset() } else { client.hangUp() }
            for _ in 0..<1000 where !handler.cancelled.withLock({ $0 }) {
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(handler.cancelled.withLock { $0 })
        }
    }

    @Test func `gives up on headers and bodies that do not come`() async throws {
        var limits = HTTPLimits()
        limits.headerSecondsMax = 0.3
        limits.bodyIdleSecondsMax = 0.3
        limits.idleSecondsMax = 0.3
        try await serve(limits) { port, _ in
            let head = try Client(port: port)
            head.send("GET / HTTP/1.1\r\nHos")
            let body = try Client(port: port)
            body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
            let idle = try Client(port: port)
            #expect(await head.read().hasPrefix("HTTP/1.1 408"))
            #expect(await body.read().hasPrefix("HTTP/1.1 408"))
            #expect(await idle.read() == "")
        }
    }

    @Test func `drains: finishes what it accepted and takes nothing new`() async throws {
        let server = try HTTPServer(host: "127.0.0.1", port: 0, handler: handler)
        await server.start()
        let busy = try Client(port: server.port)
        busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        let idle = try Client(port: server.port)
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        await server.drain(timeout: .seconds(10))
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(await busy.read().hasSuffix("\r\n\r\nslow"))
        #expect(await idle.read() == "")
        #expect(throws: POSIXError.self) { try Client(port: server.port) }
    }

    @Test func `says why it cannot listen`() throws {
        let first = try HTTPServer(host: "localhost", port: 0, handler: handler)
        #expect {
            _ = try HTTPServer(host: "127.0.0.1", port: first.port, handler: handler)
        } throws: { "\($0)".contains("Address already in use") }
        #expect(throws: ListenError.self) {
            try HTTPServer(host: "no.such.host.invalid", port: 0, handler: handler)
        }
    }
}
