import JSON
import Spans
import TestSupport
import Testing

@testable import Wire

/// Reads `tenant` of spans, scopes and resources, and the resource's `service.name`.
private let owners = OwnerSources(
    tenant: [Table.span, .scope, .resource].map { table in
        .init(.attribute(table, "tenant"), read: text)
    }, service: [.init(.attribute(.resource, "service.name"), read: text)])

private func text(_ value: AttributeValue) -> String? {
    if case .string(let text) = value { text } else { nil }
}

private let receipt = Receipt(
    time: receivedAt, oldestStart: 1_000_000_000_000_000_000, owners: owners)

extension SpanBatch {
    fileprivate var lines: [LedgerLine: Int] {
        #expect(!hasOpenCounts)
        return Dictionary(uniqueKeysWithValues: ledger.entries.map { ($0.line, $0.amount) })
    }
}

/// A line about a span of the body that every test here sends.
private func line(_ reason: LedgerReason, _ tenant: String?, _ key: String? = nil) -> LedgerLine {
    LedgerLine(reason, tenant: tenant, service: "api", key: key)
}

/// Whatever is counted has the tenant and service of its span, the key that it is about, and a span that is refused has
/// them too.
@Suite struct `Lines of the ledger` {
    // MARK: protobuf

    private func protobuf(
        resource: (inout ProtobufWriter) -> Void = { _ in },
        scope: (inout ProtobufWriter) -> Void = { _ in },
        _ spans: ((inout ProtobufWriter) -> Void)...
    ) throws -> SpanBatch {
        var message = ProtobufWriter()
        message.field(1) { envelope in
            envelope.field(2) { scoped in
                for span in spans {
                    scoped.field(2) { message in
                        message.field(7, fixed64: 1_794_999_999_000_000_000)
                        message.field(8, fixed64: 1_794_999_999_000_000_001)
                        span(&message)
                    }
                }
                // What is needed first may come last.
                scoped.field(1) { scope(&$0) }
            }
            envelope.field(1) { message in
                Self.attribute(&message, 1, "service.name", "api")
                resource(&message)
            }
        }
        var batch = SpanBatch()
        _ = try message.bytes.withUnsafeBytes {
            try readTraces(protobuf: $0, receipt: receipt, into: &batch)
        }
        return batch
    }

    private static func attribute(
        _ message: inout ProtobufWriter, _ field: Int, _ key: String, _ value: String
    ) {
        attribute(&message, field, key, Array(value.utf8))
    }

    private static func attribute(
        _ message: inout ProtobufWriter, _ field: Int, _ key: String, _ value: [UInt8]
    ) {
        message.field(field) { pair in
            pair.field(1, bytes: key.utf8)
            pair.field(2) { $0.field(1, bytes: value) }
        }
    }

    private static func ids(_ message: inout ProtobufWriter, trace: Int = 16, span: Int = 8) {
        message.field(1, bytes: [UInt8](repeating: 1, count: trace))
        message.field(2, bytes: [UInt8](repeating: 2, count: span))
    }

    @Test func `of protobuf`() throws {
        let batch = try protobuf(
            resource: { message in
                message.field(2, varint: 4)
                Self.attribute(&message, 1, "r", [0xFF])
            },
            scope: { message in
                message.field(1, bytes: [0x61, 0xFF])
                message.field(4, varint: 2)
                Self.attribute(&message, 3, "tenant", "scope's")
            },
            { span in
                Self.ids(&span, trace: 15)
                Self.attribute(&span, 9, "tenant", "acme")
            },
            { span in
                Self.ids(&span, span: 7)
                Self.attribute(&span, 9, "tenant", "globex")
                Self.attribute(&span, 9, "k", [0xFF])
                span.field(10, varint: 5)
            },
            { span in
                Self.ids(&span)
                span.field(4, bytes: [1, 2, 3])
                span.field(5, bytes: [0xFF])
                span.field(12, varint: 6)
                span.field(14, varint: 7)
                span.field(11) { event in
                    event.field(2, bytes: [0xFE])
                    event.field(4, varint: 8)
                    Self.attribute(&event, 3, "e", "1")
                    Self.attribute(&event, 3, "e", "2")
                }
                span.field(13) { link in
                    link.field(3, bytes: [0xFE])
                    Self.attribute(&link, 4, "l", [0xFE])
                }
                span.field(15) { $0.field(2, bytes: [0xFE]) }
                span.field(9) { pair in
                    pair.field(1, bytes: "both".utf8)
                    pair.field(2) { any in
                        any.field(1, bytes: "1".utf8)
                        any.field(3, varint: 1)
                    }
                }
                span.field(9) { pair in
                    pair.field(1, bytes: [0x6B, 0xFF])
                    pair.field(2) { $0.field(3, varint: 1) }
                }
                Self.attribute(&span, 9, "twice", "1")
                Self.attribute(&span, 9, "twice", "2")
            })
        #expect(batch.count == 1)
        #expect(
            batch.lines == [
                line(.droppedAttributesUpstream, nil): 4, line(.invalidUTF8, nil, "r"): 1,
                line(.invalidUTF8, "scope's", "name"): 3,
                line(.droppedAttributesUpstream, "scope's"): 10,
                line(.invalidTraceID, "acme"): 1,
                line(.invalidSpanID, "globex"): 1, line(.invalidUTF8, "globex", "k"): 1,
                line(.droppedAttributesUpstream, "globex"): 5,
                line(.invalidParentID, "scope's"): 1, line(.droppedEventsUpstream, "scope's"): 6,
                line(.droppedLinksUpstream, "scope's"): 7,
                line(.duplicateKey, "scope's", "e"): 1,
                line(.invalidUTF8, "scope's", "trace_state"): 1,
                line(.invalidUTF8, "scope's", "l"): 1,
                line(.invalidUTF8, "scope's", "status_message"): 1,
                line(.ambiguousValue, "scope's", "both"): 1,
                line(.duplicateKey, "scope's", "both"): 1,
                line(.invalidUTF8, "scope's", "k\u{FFFD}"): 1,
                line(.duplicateKey, "scope's", "twice"): 1,
            ])
    }

    @Test func `of protobuf with odd times and depths`() throws {
        let batch = try protobuf(
            { span in
                Self.ids(&span)
                span.field(8, fixed64: 0)
                Self.attribute(&span, 9, "tenant", "a")
                span.field(9) { pair in
                    pair.field(1, bytes: "deep".utf8)
                    pair.field(2) { Self.nest(&$0, 70) }
                }
            },
            { span in
                Self.ids(&span)
                span.field(7, fixed64: 0)
                span.field(8, fixed64: 0)
                Self.attribute(&span, 9, "tenant", "b")
            },
            { span in
                Self.ids(&span)
                span.field(8, fixed64: 1_794_999_998_000_000_000)
                Self.attribute(&span, 9, "tenant", "c")
            },
            { span in
                Self.ids(&span)
                span.field(7, fixed64: receivedAt + 86_400_000_000_001)
                span.field(8, fixed64: receivedAt + 86_400_000_000_002)
                Self.attribute(&span, 9, "tenant", "d")
            },
            { span in
                Self.ids(&span)
                span.field(7, fixed64: 5)
                Self.attribute(&span, 9, "tenant", "e")
            })
        #expect(batch.count == 4)
        #expect(
            batch.lines == [
                line(.unfinished, "a"): 1, line(.tooDeep, "a", "deep"): 1,
                line(.timeMissing, "b"): 1, line(.endBeforeStart, "c"): 1,
                line(.farFuture, "d"): 1, line(.tooOld, "e"): 1,
            ])
    }

    private static func nest(_ any: inout ProtobufWriter, _ levels: Int) {
        if levels == 0 { return any.field(3, varint: 1) }
        any.field(5) { array in array.field(1) { nest(&$0, levels - 1) } }
    }

    // MARK: OTLP/JSON

    private func json(resource: String = "", scope: String = "", _ spans: String...) throws
        -> SpanBatch
    {
        let name = #"{"key":"service.name","value":{"stringValue":"api"}}"#
        let text = """
            {"resourceSpans":[{"scopeSpans":[{"spans":[\(spans.joined(separator: ","))],"scope":{\(scope)}}],\
            "resource":{"attributes":[\(name)]\(resource)}}]}
            """
        var batch = SpanBatch()
        _ = try Array(text.utf8).withUnsafeBytes {
            try readTraces(json: $0, receipt: receipt, into: &batch)
        }
        return batch
    }

    private func members(_ tenant: String, trace: String = "01020304050607080102030405060708")
        -> String
    {
        #""traceId":"\#(trace)","spanId":"0102030405060708","startTimeUnixNano":"1794999999000000000""#
            + #","endTimeUnixNano":"1794999999000000001","attributes":[{"key":"tenant","value":"#
            + #"{"stringValue":"\#(tenant)"}}"#
    }

    @Test func `of JSON`() throws {
        let batch = try json(
            resource: #","droppedAttributesCount":4"#,
            scope: #""name":"a\ud800","droppedAttributesCount":2"#,
            "{\(members("acme", trace: "01"))]}",
            #"{"attributes":{"a":1},"name":"x"}"#,
            "{\(members("globex"))"
                // The key may follow its value.
                + #",{"value":{"stringValue":"\ud800","intValue":1},"key":"late"},{"key":"k\ud800","value":null}"#
                + #",{"key":"twice","value":{"intValue":1}},{"key":"twice","value":{"intValue":2}}]"#
                + #","name":"\ud800","status":{"message":"\ud800"},"droppedAttributesCount":5,"#
                + #""droppedEventsCount":6,"droppedLinksCount":7,"#
                + #""events":[{"name":"\ud800","droppedAttributesCount":8,"attributes":"#
                + #"[{"key":"e","value":{"arrayValue":{"values":[{"stringValue":"\ud800"},{"stringValue":"\udc00"}]}}}]}]}"#
        )
        #expect(batch.count == 1)
        #expect(
            batch.lines == [
                line(.droppedAttributesUpstream, nil): 6, line(.invalidUTF8, nil, "name"): 1,
                line(.invalidTraceID, "acme"): 1, line(.invalidSpan, nil): 1,
                line(.invalidUTF8, "globex", "late"): 1, line(.ambiguousValue, "globex", "late"): 1,
                line(.invalidUTF8, "globex", "k\u{FFFD}"): 1,
                line(.duplicateKey, "globex", "twice"): 1,
                line(.invalidUTF8, "globex", "name"): 2,
                line(.invalidUTF8, "globex", "status_message"): 1,
                line(.droppedAttributesUpstream, "globex"): 13,
                line(.droppedEventsUpstream, "globex"): 6,
                line(.droppedLinksUpstream, "globex"): 7, line(.invalidUTF8, "globex", "e"): 2,
            ])
    }

    // MARK: native

    private func native(_ text: String) throws -> (batch: SpanBatch, report: ReadReport) {
        var batch = SpanBatch()
        var random = SeededGenerator(seed: 1)
        let report = try Array(text.utf8).withUnsafeBytes {
            try readNative($0, receipt: receipt, random: &random, into: &batch)
        }
        return (batch, report)
    }

    private let times =
        #""start_time_unix_nano":1794999999000000000,"end_time_unix_nano":1794999999000000001"#
    private let resource = #""resource":{"service.name":"api"}"#

    @Test func `of native spans`() throws {
        let (batch, report) = try native(
            [
                #"{"name":"a","tenant":"acme","kind":"nonsense",\#(times),\#(resource)}"#,
                #"{"name":"\ud800","tenant":"b","x":"\ud800","l":["\ud800","ok"],"k\ud800":1,\#(times),\#(resource)}"#,
                #"{"tenant":"c","llm":{"usage\ud800":{"in":1}},"llm.x":1,"llm":{"x":2},\#(times),\#(resource)}"#,
                #"{"tenant":"d","events":[{"name":"\ud800","q":"\ud800"}],\#(times),\#(resource)}"#,
                #"{"tenant":"e",\#(resource)}"#,
                #"{"tenant":"f","trace_id":"00000000000000000000000000000000",\#(times),\#(resource)}"#,
                #"{"tenant":"g","start_time_unix_nano":5,"end_time_unix_nano":6,\#(resource)}"#,
                "7",
                #"{"tenant":"h","a":}"#,
                #"{"tenant":"i","deep":[[\#(String(repeating: "[", count: 80))1\#(String(repeating: "]", count: 80))]],\#(times),\#(resource)}"#,
                "]",
            ].joined(separator: "\n"))
        #expect(report.accepted == 5)
        #expect(report.rejected == 6)
        #expect(
            batch.lines == [
                line(.invalidSpan, "acme"): 1,
                line(.invalidUTF8, "b", "name"): 1, line(.invalidUTF8, "b", "x"): 1,
                line(.invalidUTF8, "b", "l"): 1, line(.invalidUTF8, "b", "k\u{FFFD}"): 1,
                line(.invalidUTF8, "c", "llm.usage\u{FFFD}"): 1,
                line(.duplicateKey, "c", "llm.x"): 1,
                line(.invalidUTF8, "d", "name"): 1, line(.invalidUTF8, "d", "q"): 1,
                line(.timeMissing, "e"): 1, line(.invalidTraceID, "f"): 1, line(.tooOld, "g"): 1,
                LedgerLine(.invalidSpan): 2, LedgerLine(.invalidSpan, tenant: "h"): 1,
                line(.tooDeep, "i", "deep"): 1,
            ])
    }

    /// Each refused span is one refusal: what was wrong with it is told once.
    @Test func `count each refused span once`() throws {
        let (batch, report) = try native(
            """
            {"trace_id":"00000000000000000000000000000000"}
            {"span_id":"0000000000000000"}
            {"start_time_unix_nano":5,"kind":"nonsense"}
            {"start_time_unix_nano":5}
            {"kind":"nonsense","status":"nonsense"}
            [1, true]
            {
            {"name":"fine"}
            """)
        #expect(report.accepted == 1)
        #expect(batch.ledger.totals.sum(LedgerReason.refusalsOfSpans) == report.rejected)
    }

    @Test func `are nobody's where a reader knows no sources`() throws {
        var batch = SpanBatch()
        var random = SeededGenerator(seed: 1)
        _ = try Array(#"{"tenant":"acme","kind":"nonsense"}"#.utf8).withUnsafeBytes {
            try readNative($0, receipt: Receipt(time: 1), random: &random, into: &batch)
        }
        #expect(batch.lines == [LedgerLine(.invalidSpan): 1])
    }
}
