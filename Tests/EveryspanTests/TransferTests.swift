import ArgumentParser
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import everyspan

/// A folder that is removed with the test.
private final class Folder {
    let path = NSTemporaryDirectory() + "everyspan-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ bytes: some Sequence<UInt8>, _ name: String = "file.ndjson") throws -> String {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

private func requests(_ path: String, batch: Int = 1000) throws -> [ImportFile.Request] {
    var file = try ImportFile(path: path, spansPerRequest: batch)
    var requests: [ImportFile.Request] = []
    while let request = try file.next() { requests.append(request) }
    return requests
}

@Suite struct `A file to import` {
    @Test(
        arguments: [
            (
                "spans.ndjson", "{\"name\":\"a\"}\n{\"name\":\"b\"}\n",
                ["/v1/spans application/json"]
            ),
            ("otlp.json", "{\"resourceSpans\":[]}", ["/v1/traces application/json"]),
            (
                "otlp.jsonl", "{\"resourceSpans\":[]}\n{\"resourceSpans\":[]}\r\n",
                ["/v1/traces application/json", "/v1/traces application/json"]
            ),
            ("snake.json", "{\"resource_spans\":[]}", ["/v1/traces application/json"]),
            ("pretty.json", "{\n  \"resourceSpans\": [\n  ]\n}\n", ["/v1/traces application/json"]),
            ("x.pb", "{\"name\":\"a\"}\n\n", ["/v1/traces application/x-protobuf"]),
            ("x.binpb", "\u{0}", ["/v1/traces application/x-protobuf"]), ("empty", "", []),
            ("empty.pb", "", []),
            ("blank", "\n \r\n\t\n", []),
        ] as [(String, String, [String])])
    func `is known by its name or beginning`(name: String, content: String, kinds: [String]) throws
    {
        let folder = try Folder()
        let found = try requests(folder.file(content.utf8, name))
        #expect(found.map { "\($0.path) \($0.contentType)" } == kinds)
    }

    /// All of it is sent once, in order, so many lines a request, whatever the lines are like.
    @Test(arguments: 0..<20) func `is cut at line ends`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = try Folder()
        var lines: [String] = []
        for number in 0..<Int.random(in: 1...60, using: &random) {
            // Now and then one that is longer than what is read at once.
            let length = number == 7 && seed < 3 ? 5 << 20 : Int.random(in: 0...40, using: &random)
            lines.append("{\"name\":\"\(number)\(String(repeating: "é", count: length))\"}")
        }
        let end = Bool.random(using: &random) ? "\n" : "\r\n"
        let isEnded = Bool.random(using: &random)
        let content = lines.joined(separator: end) + (isEnded ? end : "")
        let batch = Int.random(in: 1...20, using: &random)
        let found = try requests(folder.file(content.utf8), batch: batch)
        #expect(found.flatMap(\.body) == Array(content.utf8))
        #expect(found.reduce(0) { $0 + $1.bytes } == content.utf8.count)
        #expect(found.count == (lines.count + batch - 1) / batch)
        for (index, request) in found.enumerated() {
            #expect(request.place.hasSuffix("line \(index * batch + 1)"))
            #expect(request.body.first == UInt8(ascii: "{"))
        }
    }

    /// A server would refuse a request that has nothing in it.
    @Test func `may have empty lines`() throws {
        let folder = try Folder()
        let native = try folder.file("\n\n{\"name\":\"a\"}\n\n\n{\"name\":\"b\"}\n\n".utf8)
        let found = try requests(native, batch: 1)
        #expect(
            found.map { String(decoding: $0.body, as: UTF8.self) } == [
                "{\"name\":\"a\"}\n", "{\"name\":\"b\"}\n",
            ])
        #expect(found.map(\.place).map { $0.split(separator: " ").last } == ["3", "6"])
        let otlp = try folder.file(
            "{\"resourceSpans\":[]}\n\n{\"resourceSpans\":[]}\n\n".utf8, "o.json")
        #expect(try requests(otlp).count == 2)
    }

    @Test func `that is not there is named`() {
        let error = #expect(throws: ValidationError.self) { try requests("/nowhere/at-all") }
        #expect(error?.message.contains("/nowhere/at-all") == true)
    }

    @Test func `sends one line a request at least`() throws {
        let folder = try Folder()
        #expect(try requests(folder.file("{}\n{}\n".utf8), batch: 0).count == 2)
        #expect(try requests(folder.file("{}\n{}\n".utf8), batch: -5).count == 2)
    }
}

@Suite struct `Progress of an import` {
    private let request = ImportFile.Request(
        path: "/v1/spans", contentType: "application/json", body: [], place: "f, line 7", bytes: 10)

    @Test(arguments: [
        (#"{"accepted":3,"duplicates":1,"rejected_count":2}"#, 2),
        (#"{"partialSuccess":{"rejectedSpans":"4"}}"#, 4),
        ("{}", 0), ("", 0), ("no JSON", 0), (#"{"partialSuccess":{}}"#, 0),
    ]) func `counts what was refused`(body: String, rejected: Int) throws {
        var progress = ImportProgress(bytes: 20)
        try progress.add(.init(status: 200, body: Array(body.utf8)), request)
        try progress.add(.init(status: 200, body: Array(body.utf8)), request)
        #expect(progress.rejected == 2 * rejected)
    }

    @Test func `ends at a refusal, and says of which line`() {
        var progress = ImportProgress(bytes: 20)
        let error = #expect(throws: ValidationError.self) {
            try progress.add(.init(status: 400, body: Array("why".utf8)), request)
        }
        #expect(error?.message == "f, line 7: the server answered 400: why")
    }

    @Test(
        arguments: [
            (0, 100, 0, 0), (50, 100, 15, 50), (99, 100, 29, 99), (100, 100, 30, 100),
            (150, 100, 30, 100), (0, 0, 30, 100),
            (1, 3, 10, 33),
        ] as [(Int, Int, Int, Int)])
    func `is a bar of thirty`(done: Int, total: Int, filled: Int, percent: Int) {
        let line = ProgressBar.line(done, of: total, "note")
        #expect(line.count { $0 == "█" } == filled && line.count { $0 == "░" } == 30 - filled)
        #expect(line.hasSuffix(" \(percent) %  note"))
    }
}

/// Answers from a list, and remembers what was asked.
private final class Script: Answering {
    private let answers: Mutex<[(status: Int, body: String)]>
    private let asked = Mutex<[Question]>([])
    var questions: [Question] { asked.withLock { $0 } }

    init(_ answers: (status: Int, body: String)...) { self.answers = Mutex(answers) }

    func ask(
        _ question: Question, _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> (status: Int, tag: String?) {
        asked.withLock { $0.append(question) }
        let answer = answers.withLock { $0.isEmpty ? (500, "asked too often") : $0.removeFirst() }
        for byte in answer.1.utf8 { try take([byte]) }
        return (answer.0, nil)
    }

    func finish() {}
}

@Suite struct `Pages of an export` {
    private func page(_ items: String, cursor: String, from: String = "null", to: String = "\"T\"")
        -> String
    {
        "{\"spans\":[\(items)],\"cursor\":\(cursor),\"coverage\":{\"from\":\(from),\"to\":\(to),\"matched\":3,\"x\":[1]}}\n"
    }

    @Test func `follow the cursor, within the window of the first`() async throws {
        let script = Script(
            (200, page("{\"a\": 1},\n{\"b\":\"]}\"}", cursor: "\"c 1\"", from: "\"F\"")),
            (200, page("", cursor: "\"c2\"")),
            (200, page("3", cursor: "null")))
        var pages = ExportPages(
            "/v1/spans", [("since", "1h"), ("where", "failed"), ("tz", nil)], script)
        var items: [String] = []
        while let page = try await pages.next() {
            #expect(page.matched == 3)
            items += page.items.map { String(decoding: $0, as: UTF8.self) }
        }
        // Each as the server wrote it.
        #expect(items == ["{\"a\": 1}", "{\"b\":\"]}\"}", "3"])
        let targets = script.questions.map(\.target)
        #expect(targets[0] == "/v1/spans?since=1h&where=failed&limit=1000")
        #expect(targets[1] == "/v1/spans?where=failed&from=F&to=T&limit=1000&cursor=c%201")
        #expect(targets[2] == "/v1/spans?where=failed&from=0&to=T&limit=1000&cursor=c2")
        #expect(targets.count == 3)
        #expect(try await pages.next() == nil)
    }

    @Test func `end with the reason of a refusal`() async throws {
        let script = Script((400, #"{"error":{"code":"x","message":"no such thing"}}"#))
        var pages = ExportPages("/v1/spans", [], script)
        do {
            _ = try await pages.next()
            Issue.record("it was refused")
        } catch let refusal as Refusal {
            #expect(refusal.status == 400 && refusal.message == "no such thing")
        }
    }

    @Test(arguments: ["", "[]", "{\"spans\":[1,", "{\"coverage\":5}", "<html>"])
    func `that are none are an error and no end`(body: String) async {
        var pages = ExportPages("/v1/spans", [], Script((200, body)))
        await #expect(throws: (any Error).self) { try await pages.next() }
    }
}

@Suite struct `Exported lines` {
    private func native(_ span: String) throws -> String {
        String(decoding: try NativeLine.bytes(of: Array(span.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"name":"a"}"#, #"{"name":"a"}"#),
        // What is shown beside what was sent.
        (
            #"{"name":"a","start_time":"T","end_time":"T","duration_ms":1,"marks":[],"dimensions":{"a":1},"trace_state":"","flags":1,"start_time_unix_nano":"5"}"#,
            #"{"name":"a","start_time_unix_nano":"5"}"#
        ),
        // The span's own attribute, else the resource's, else the scope's.
        (
            #"{"name":"a","resource":{"k":"r","only":1},"scope":{"name":"lib","version":"1","k":"s","deep":{"x":[1,"}"]}},"attributes":{"k":"own"}}"#,
            #"{"name":"a","k":"own","only":1,"deep":{"x":[1,"}"]}}"#
        ),
        // Attributes that would be read as something else.
        (
            #"{"name":"a","attributes":{"name":"b","status":"x","events":1,"duration_ms":2,"trace_id":"y"},"resource":{"kind":"z"}}"#,
            #"{"name":"a"}"#
        ),
        (
            #"{"name":"é\u0000\"","attributes":{"a\"b":"\\","a\u0062":1}}"#,
            #"{"name":"é\u0000\"","a\"b":"\\","ab":1}"#
        ),
    ]) func `are native spans as ingest takes them`(span: String, line: String) throws {
        #expect(try native(span) == line + "\n")
    }

    @Test(arguments: ["", "[]", "{", "{\"name\":}", "5"]) func `are made of objects only`(
        span: String
    ) {
        #expect(throws: (any Error).self) { try native(span) }
    }

    private func otlp(_ spans: Int, filling: String = "x") -> String {
        let list = (0..<spans).map { "{\"name\":\"\($0)\(filling)\"}" }.joined(separator: ",\n")
        return
            "{\"resourceSpans\":[{\"resource\":{},\"scopeSpans\":[{\"spans\":[\(list)]},{\"scope\":{}}]}]}\n"
    }

    @Test func `hold several traces of OTLP, each once`() async throws {
        let script = Script(
            (200, otlp(2)), (404, "gone"), (200, otlp(3)), (200, "{\"resourceSpans\":[]}"))
        var lines = OTLPLines()
        var counts: [Int] = []
        for id in ["01", "02", "03", "04"] {
            counts.append(try await lines.add(id, script))
            #expect(lines.takeLine() == nil)
        }
        #expect(counts == [2, 0, 3, 0])
        #expect(script.questions.map(\.target).first == "/v1/traces/01?format=otlp")
        #expect(script.questions.allSatisfy { $0.accept == "application/json" })
        let last = lines.takeLine(isLast: true)
        let line = try #require(last)
        #expect(line.count { $0 == 10 } == 1 && line.last == 10)
        let read = try JSONSerialization.jsonObject(with: Data(line)) as? [String: [[String: Any]]]
        #expect(read?["resourceSpans"]?.count == 2)
        #expect(lines.takeLine(isLast: true) == nil)
    }

    @Test func `are ended once they are long`() async throws {
        let script = Script((200, otlp(3, filling: String(repeating: "y", count: 400_000))))
        var lines = OTLPLines()
        _ = try await lines.add("01", script)
        let taken = lines.takeLine()
        let line = try #require(taken)
        #expect(line.count > 1 << 20 && lines.takeLine(isLast: true) == nil)
    }

    @Test func `pass a refusal on that is not the absence of a trace`() async {
        var lines = OTLPLines()
        await #expect(throws: Refusal.self) { try await lines.add("01", Script((503, "busy"))) }
    }
}

@Suite struct `An exported file` {
    @Test func `has its name only once it is whole`() throws {
        let folder = try Folder()
        let path = folder.path + "/out.ndjson"
        let file = try ExportFile(path: path)
        try file.write([1, 2])
        #expect(!FileManager.default.fileExists(atPath: path))
        try file.write([3])
        try file.finish()
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == [1, 2, 3])
        #expect(!FileManager.default.fileExists(atPath: path + ".part"))
    }

    @Test func `replaces one of its name, and no folder`() throws {
        let folder = try Folder()
        let path = try folder.file([9, 9, 9, 9])
        let file = try ExportFile(path: path)
        try file.write([1])
        try file.finish()
        #expect(try Array(Data(contentsOf: URL(filePath: path))) == [1])
        #expect(throws: ValidationError.self) { try ExportFile(path: "/nowhere/at-all") }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/d/x", withIntermediateDirectories: true)
        #expect(throws: ValidationError.self) { try ExportFile(path: folder.path + "/d").finish() }
    }
}
