import Spans
import TestSupport
import Testing

@testable import Wire

private func readSpans(_ text: String) throws -> (batch: SpanBatch, report: ReadReport) {
    var batch = SpanBatch()
    var random = SeededGenerator(seed: 1)
    let report = try Array(text.utf8).withUnsafeBytes {
        try readNative($0, receipt: Receipt(time: receivedAt), random: &random, into: &batch)
    }
    return (batch, report)
}

private let ids = #""trace_id":"0102030405060708090A0b0c0d0e0f10","span_id":"0102030405060708""#

@Suite struct `Native spans` {
    @Test func `need nothing but to be objects`() throws {
        let (batch, report) = try readSpans(#"{"name":"chat","tenant":"acme","status":"error"}"#)
        let span = batch.models[0]
        #expect(span.name == "chat" && span.numbers[1] == 2)
        #expect(span.attributes == [.init(key: "tenant", value: .string("acme"))])
        #expect(batch.spans.number(SpanField.start, 0) == receivedAt)
        #expect(report.generatedIDs == [.init(traceID: span.traceID, spanID: span.spanID)])
        #expect(span.traceID.count == 16 && span.spanID != 0)
    }

    @Test(arguments: [
        "[{\"name\":\"a\"},{\"name\":\"b\"}]", "{\"spans\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
        "{\"name\":\"a\"}\n{\"name\":\"b\"}\n", "{\"name\":\"a\"} {\"name\":\"b\"}",
        "{\"name\":\"a\"}{\"name\":\"b\"}",
        "{\"note\":1,\"spans\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
        "[{\"name\":\"a\"}]\n[{\"name\":\"b\"}]",
        "\u{FEFF}[{\"name\":\"a\"},{\"name\":\"b\"}]",
    ]) func `come one, in a list, in an envelope or line by line`(text: String) throws {
        #expect(try readSpans(text).batch.models.map(\.name) == ["a", "b"])
    }

    @Test func `with a name and a list of spans are spans`() throws {
        let span = try readSpans(#"{"name":"a","spans":["x","y"]}"#).batch.models[0]
        #expect(
            span.attributes == [.init(key: "spans", value: .array([.string("x"), .string("y")]))])
    }

    @Test(
        arguments: [
            ("1", .int(1)), ("-0", .int(0)), ("1.0", .double(1)), ("1e2", .double(100)),
            ("true", .bool(true)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("\"\"", .string("")),
            ("[]", .array([])),
            ("[\"a\",\"a\\n\"]", .array([.string("a"), .string("a\n")])),
            ("[1,\"a\",null]", .array([.int(1), .string("a"), .empty])),
            ("[{\"b\":[true]}]", .array([.map([.init(key: "b", value: .array([.bool(true)]))])])),
        ] as [(String, AttributeValue)])
    func `keep each value's type`(json: String, value: AttributeValue) throws {
        #expect(
            try readSpans("{\"k\":\(json)}").batch.models[0].attributes == [
                .init(key: "k", value: value)
            ])
    }

    @Test func `flatten objects with dots; null and {} are absent, of equal keys the last wins`()
        throws
    {
        let (batch, _) = try readSpans(
            #"{"llm":{"model":"x","usage":{"in":1},"none":null,"empty":{}},"a":null,"llm.model":"y"}"#
        )
        #expect(
            batch.models[0].attributes == [
                .init(key: "llm.model", value: .string("y")),
                .init(key: "llm.usage.in", value: .int(1)),
            ])
        #expect(batch.spans.duplicateKeys == 1)
    }

    @Test(
        arguments: [
            (
                #""start_time_unix_nano":1795000000000000001,"end_time_unix_nano":"1795000000000000009""#,
                1_795_000_000_000_000_001, 1_795_000_000_000_000_009
            ),
            (
                #""start_time":"2026-11-18T11:06:40Z","end_time":"2026-11-18T12:06:41.5+01:00""#,
                1_795_000_000_000_000_000, 1_795_000_001_500_000_000
            ),
            (#""duration_ms":1.5"#, 1_794_999_999_998_500_000, 1_795_000_000_000_000_000),
            (
                #""duration_ms":2,"start_time_unix_nano":1795000000000000000"#,
                1_795_000_000_000_000_000, 1_795_000_000_002_000_000
            ),
            (
                #""duration_ms":2,"end_time_unix_nano":1795000000000000000"#,
                1_794_999_999_998_000_000, 1_795_000_000_000_000_000
            ),
            (#""start_time_unix_nano":1795000000000000000"#, 1_795_000_000_000_000_000, 0),
            (#""name":"no time""#, 0, 0),
        ] as [(String, UInt64, UInt64)])
    func `take times in every documented form`(members: String, start: UInt64, end: UInt64) throws {
        let span = try readSpans("{\(members)}").batch.models[0]
        #expect(span.start == start && span.end == end)
    }

    @Test(
        arguments: [
            ("\"CLIENT\"", 3, nil), ("\"server\"", 2, nil), ("\"SPAN_KIND_PRODUCER\"", 4, nil),
            ("5", 5, nil),
            ("\"LLM\"", 0, "chat"), ("\"TOOL\"", 0, "tool"), ("\"RETRIEVER\"", 0, "retrieval"),
        ] as [(String, UInt64, String?)])
    func `take a kind of span or of operation`(json: String, kind: UInt64, operation: String?)
        throws
    {
        let span = try readSpans("{\"kind\":\(json)}").batch.models[0]
        #expect(span.numbers[0] == kind)
        #expect(span.attributes.first?.value == operation.map { .string($0) })
    }

    @Test(arguments: [
        (#"{"trace_id":"xyz"}"#, "trace_id"), (#"{"span_id":5}"#, "span_id"),
        (#"{"status":"bad"}"#, "status"),
        (#"{"kind":"NOPE"}"#, "kind"), (#"{"start_time":"yesterday"}"#, "start_time"),
        (#"{"duration_ms":-1}"#, "duration_ms"),
        (#"{"start_time_unix_nano":-5}"#, "start_time_unix_nano"), ("5", "expected an object"),
        (#"{"events":5}"#, "events"),
        (#"{"trace_id":"00000000000000000000000000000000"}"#, "traceId is all zeros"),
    ]) func `are refused alone, each with its reason`(json: String, reason: String) throws {
        let (batch, report) = try readSpans("{\"name\":\"a\"}\n\(json)\n{\"name\":\"b\"}")
        #expect(batch.models.map(\.name) == ["a", "b"])
        #expect(report.accepted == 2 && report.rejected == 1 && report.refusals.first?.index == 1)
        #expect(report.refusals.first?.reason.contains(reason) == true)
    }

    @Test func `lose a line that is no JSON, and only that`() throws {
        let (batch, report) = try readSpans(
            "{\"name\":\"a\"}\n{\"name\":\"x\",\"y\n{\"name\":\"b\",\"events\":[{\"name\":\"e\"}]}\n{\"name\":\"c\"} garbage\n"
        )
        #expect(batch.models.map(\.name) == ["a", "b", "c"])
        #expect(report.rejected == 2)
        #expect(batch.models[1].events.map(\.name) == ["e"])
    }

    @Test(arguments: [
        "", "  ", "nonsense", "{\"name\":", "[{\"name\":\"a\"},{\"name\"",
        "{\"spans\":[{\"name\":\"a\"},]}",
    ])
    func `that cannot be read at all are an error`(text: String) {
        #expect(throws: WireError.self) { try readSpans(text) }
    }

    @Test func `have events and links`() throws {
        let span = try readSpans(
            """
            {\(ids),"events":[{"name":"e","time_unix_nano":5,"attributes":{"a":{"b":1}}},
            {"name":"f","time":"1970-01-01T00:00:01Z","exception.type":"E"}],
            "links":[{"trace_id":"0102030405060708090a0b0c0d0e0f10","span_id":"0102030405060708","why":"retry"}]}
            """
        ).batch.models[0]
        #expect(
            span.events.map(\.name) == ["e", "f"] && span.events.map(\.time) == [5, 1_000_000_000])
        #expect(span.events[0].attributes == [.init(key: "a.b", value: .int(1))])
        #expect(span.events[1].attributes == [.init(key: "exception.type", value: .string("E"))])
        #expect(span.links.first?.traceID == Array(1...16))
        #expect(span.links.first?.attributes == [.init(key: "why", value: .string("retry"))])
    }

    @Test(arguments: [
        (-2_000, 0, true, false), (-1_001, 1_000, false, false), (-1_000, 1_000, true, false),
        (86_400_000_000_000, 1_000, true, false), (86_400_000_000_001, 1_000, true, true),
    ])
    func `that are too old are refused, those of the far future marked`(
        offset: Int64, retained: UInt64, isKept: Bool, isMarked: Bool
    ) throws {
        let oldest = retained == 0 ? 0 : receivedAt - retained
        let start = UInt64(Int64(receivedAt) + offset)
        // A span without a start counts from its end.
        for key in ["start_time_unix_nano", "end_time_unix_nano"] {
            var batch = SpanBatch()
            var random = SeededGenerator(seed: 1)
            let report = try Array("{\"\(key)\":\(start)}".utf8).withUnsafeBytes {
                try readNative(
                    $0, receipt: Receipt(time: receivedAt, oldestStart: oldest), random: &random,
                    into: &batch)
            }
            #expect(report.accepted == (isKept ? 1 : 0))
            #expect(batch.ledger[.tooOld] == (isKept ? 0 : 1))
            #expect(batch.ledger[.farFuture] == (isMarked ? 1 : 0))
            guard isKept else { continue }
            let marks = SpanMarks(rawValue: batch.spans.number(SpanField.marks, 0))
            #expect(marks.contains(.farFuture) == isMarked)
        }
    }

    @Test func `get the same ids under the same key, and others under another`() throws {
        func ids(_ key: String) throws -> [ReadReport.GeneratedID] {
            var batch = SpanBatch()
            var random = RepeatableIDs(key: key)
            let bytes = Array(String(repeating: "{}", count: 500).utf8)
            return try bytes.withUnsafeBytes {
                try readNative(
                    $0, receipt: Receipt(time: receivedAt), random: &random, into: &batch)
            }.generatedIDs
        }
        #expect(try ids("a") == ids("a"))
        let all = try ids("a") + ids("b") + ids("aa") + ids("b\0")
        #expect(Set(all.map(\.traceID)).count == all.count)
        #expect(Set(all.map(\.spanID)).count == all.count)
    }

    @Test(arguments: [(99, true), (100, false)]) func `nest to a limit`(levels: Int, isRead: Bool) {
        let text =
            String(repeating: "{\"a\":", count: levels) + "[1]"
            + String(repeating: "}", count: levels)
        if isRead {
            #expect(throws: Never.self) { try readSpans(text) }
        } else {
            #expect(throws: WireError.self) { try readSpans(text) }
        }
    }
}
