import ArgumentParser
import EmbeddedStore
import Foundation
import TestSupport
import Testing

@testable import everyspan

/// What a command asks, as names and values that are there.
private func asked(_ parameters: [(name: String, value: String?)]) -> [String] {
    parameters.compactMap { name, value in value.map { "\(name)=\($0)" } }
}

@Suite struct `Options of questions` {
    @Test(
        arguments: [
            ([], []),
            (["--by", "tenant,model", "--limit", "all"], ["by=tenant,model", "limit=all"]),
            (
                ["--where", "failed and a != 1", "--failure=x = 1"],
                ["where=failed and a != 1", "failure=x = 1"]
            ),
            (["--from", "-2h", "--to", "now"], ["from=-2h", "to=now"]),
            (["--from=-2h", "--to=-1h"], ["from=-2h", "to=-1h"]),
            (["--order", "-p95(duration)"], ["order=-p95(duration)"]),
            (["--order=-count", "--check"], ["order=-count", "check=1"]),
            (["--vs", "-4h..-2h"], ["vs=-4h..-2h"]), (["--vs", "previous"], ["vs=previous"]),
            (
                ["--unit", "span", "--calc", "count,sum(cost)", "--having", "count > 1"],
                ["unit=span", "calc=count,sum(cost)", "having=count > 1"]
            ),
            (["--since", "15m", "--tz", "Europe/Berlin"], ["since=15m", "tz=Europe/Berlin"]),
            (["--where", ""], ["where="]),
        ] as [([String], [String])])
    func `are passed on by the names of the API`(arguments: [String], expected: [String]) throws {
        let slices = try Slices.parse(arguments)
        #expect(
            asked(slices.rows.parameters + slices.filter.parameters).sorted() == expected.sorted())
        let series = try Series.parse(arguments + ["--step", "1m"])
        #expect(series.step == "1m")
        #expect(
            asked(series.rows.parameters + series.filter.parameters).sorted() == expected.sorted())
    }

    @Test(arguments: [
        ["--wher", "x"], ["tenant"], ["--by"], ["--check", "1"], ["--watch", "soon"], ["--limit"],
    ]) func `that are none are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Slices.parse(arguments) }
    }

    @Test(arguments: [0, -1, Double.nan, .infinity, 86_401, 1e300])
    func `watch for a time above nothing, and no longer than a day`(
        seconds: Double
    ) async throws {
        var ask = try AskOptions.parse([])
        ask.watch = seconds
        await #expect(throws: ValidationError.self) { try await ask.answer(Question(path: "/")) }
    }

    @Test func `name a server, else the usual one`() {
        #expect(AskOptions.address("http://x:1") == "http://x:1")
        #expect(AskOptions.address(nil).hasPrefix("http://"))
    }

    @Test(arguments: ["", "x", "0a0b0c0g", "0a 0b", "../status", "０１２３４５６７"])
    func `take trace ids in hexadecimal digits only`(id: String) async throws {
        let trace = try Trace.parse([id, "--data", "/nowhere"])
        await #expect(throws: ValidationError.self) { try await trace.run() }
    }

    @Test(arguments: [
        ["0a", "n", "1", "2"], ["0a", "n", "down"], ["0a", "n", "inf"], ["0a", "n", "nan"],
        ["0a", "n", "1e999"],
    ]) func `take one number as a score`(arguments: [String]) async throws {
        let score = try ScoreCommand.parse(arguments + ["--data", "/nowhere"])
        await #expect(throws: ValidationError.self) { try await score.run() }
    }
}

@Suite struct `A question's target` {
    /// Foundation takes it apart again.
    @Test(arguments: 0..<20) func `reads back as what was asked`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "é", "日本", "😀", "\u{301}", " ", "+", "&", "=", "%", "%41", "#", "?", "/", "\"",
            "'", "\n", "\0", "~",
            "-", ".", "_", ",", "(", ")", "<",
        ]
        for _ in 0..<50 {
            let values = (0..<4).map { _ in
                (0..<Int.random(in: 0...8, using: &random)).map { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }.joined()
            }
            let question = Question(
                path: "/v1/slices",
                parameters: [
                    ("where", values[0]), ("gone", nil), ("by", values[1]), ("x", values[2]),
                ])
            let target = question.target
            #expect(target.utf8.allSatisfy { $0 > 32 && $0 < 127 })
            let read = try #require(URLComponents(string: "http://h" + target))
            #expect(read.path == "/v1/slices" && read.fragment == nil)
            #expect(read.queryItems?.map(\.name) == ["where", "by", "x"])
            // Bytes, for == takes é and e with an accent behind it for one.
            let found = read.queryItems?.map { Array(($0.value ?? "").utf8) }
            #expect(found == values.prefix(3).map { Array($0.utf8) })
        }
    }

    @Test func `has no question mark where nothing is asked`() {
        #expect(Question(path: "/v1/status").target == "/v1/status")
        #expect(Question(path: "/v1/slices", parameters: [("by", nil)]).target == "/v1/slices")
    }
}

@Suite struct `A server's address` {
    @Test(
        arguments: [
            ("http://127.0.0.1:4318", "127.0.0.1", 4318, ""), ("http://h", "h", 80, ""),
            ("http://h/", "h", 80, ""), ("http://h:1/a/b/", "h", 1, "/a/b"),
            ("http://[::1]:4318", "::1", 4318, ""),
        ] as [(String, String, Int, String)])
    func `is a URL`(url: String, host: String, port: Int, prefix: String) throws {
        let socket = try HTTPSocket(url: url)
        #expect(socket.host == host && socket.port == port && socket.prefix == prefix)
        #expect(
            socket.address
                == (host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)"))
    }

    @Test(arguments: ["", "localhost:4318", "https://h", "h", "ftp://h", "http://", "http:/h"])
    func `that is none is refused with an example`(url: String) {
        let error = #expect(throws: ValidationError.self) { try HTTPSocket(url: url) }
        #expect(error?.message.contains("http://127.0.0.1:4318") == true)
    }
}

@Suite struct `An error that was answered` {
    @Test(arguments: [
        (
            #"{"error":{"code":"bad_expression","message":"where: expected a value","position":9}}"#,
            "where: expected a value"
        ),
        ("where: no\n  a =\n    ^\n", "where: no\n  a =\n    ^"), ("", ""),
        ("{\"error\":5}\n", "{\"error\":5}"),
        ("<html>", "<html>"),
    ]) func `is said by its message, or as it is`(body: String, message: String) throws {
        let output = Output(isHeldBack: true)
        for byte in body.utf8 { try output.take([byte]) }
        #expect(output.errorMessage == message && output.taken == Array(body.utf8))
    }
}

@Suite struct `Settings of a server` {
    private func settings(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws
        -> Settings
    {
        try Settings(Serve.parse(arguments), environment: environment)
    }

    /// A file of this content; its name ends with the test.
    private func file(_ content: String) throws -> String {
        let path = NSTemporaryDirectory() + "everyspan-\(UUID().uuidString)"
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test(
        arguments: [
            ("127.0.0.1:4318", "127.0.0.1", 4318), ("[::1]:80", "::1", 80),
            (":4318", "0.0.0.0", 4318), ("99", "127.0.0.1", 99),
            ("0", "127.0.0.1", 0), ("h:65535", "h", 65535),
        ] as [(String, String, Int)])
    func `listen where they say`(listen: String, host: String, port: Int) throws {
        let settings = try settings(["--data", "x", "--listen", listen])
        #expect(settings.host == host && settings.port == port)
        #expect(
            settings.address(port) == (host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
        )
    }

    @Test(arguments: ["", "h", "h:", "h:65536", "h:-1", "::", "1:2:x"])
    func `listen nowhere else`(listen: String) {
        #expect(throws: ValidationError.self) { try settings(["--data", "x", "--listen", listen]) }
    }

    @Test(arguments: [
        ("30d", 2_592_000), ("12h", 43200), ("90m", 5400), ("3600s", 3600), ("2w", 1_209_600),
    ])
    func `retain for a duration`(text: String, seconds: Int) throws {
        #expect(try settings(["--data", "x", "--retain", text]).store.retainSeconds == seconds)
    }

    @Test(arguments: [
        "", "d", "5", "0d", "-1d", "1.5d", "5x", "9223372036854775807w", "99999999999999999999d",
        "５d",
    ])
    func `retain for nothing else`(text: String) {
        #expect(throws: ValidationError.self) { try Settings.seconds(text) }
    }

    @Test(arguments: [
        ["--body-bytes-max", "0"], ["--merging", "maybe"], ["--prices", "/nowhere/at-all"],
        ["--config", "/nowhere/at-all"],
    ]) func `that are wrong are named`(arguments: [String]) {
        let error = #expect(throws: ValidationError.self) {
            try settings(["--data", "x"] + arguments)
        }
        let name = arguments[0] == "--config" ? "/nowhere" : String(arguments[0].dropFirst(2))
        #expect(error?.message.contains(name) == true)
    }

    @Test func `come from a flag before the environment, and from that before the file`() throws {
        let path = try file("data = of-file # where it lies\n\n  drain-seconds=7\nmerging = off")
        defer { try? FileManager.default.removeItem(atPath: path) }
        var found = try settings(["--config", path])
        #expect(
            found.store.directory == "of-file" && found.drainSeconds == 7 && !found.store.merges)
        let environment = [
            "EVERYSPAN_CONFIG": path, "EVERYSPAN_DATA": "of-environment",
            "EVERYSPAN_DRAIN_SECONDS": "8",
        ]
        found = try settings([], environment)
        #expect(
            found.store.directory == "of-environment" && found.drainSeconds == 8
                && !found.store.merges)
        found = try settings(["--data", "of-flag", "--drain-seconds", "9"], environment)
        #expect(found.store.directory == "of-flag" && found.drainSeconds == 9)
        #expect(throws: ValidationError.self) { try settings() }
    }

    @Test func `may have lines that end as on Windows`() throws {
        let path = try file("# settings\r\ndata = x\r\ndrain-seconds = 7\r\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let found = try settings(["--config", path])
        #expect(found.store.directory == "x" && found.drainSeconds == 7)
    }

    @Test(arguments: ["data x", "dat = x", "= x", "data =x\nnonsense = 1"])
    func `in a file that are none are named with their line`(content: String) throws {
        let path = try file(content)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let error = #expect(throws: ValidationError.self) { try settings(["--config", path]) }
        let line = content.contains("\n") ? 2 : 1
        #expect(error?.message.hasPrefix("\(path), line \(line): ") == true)
    }
}
