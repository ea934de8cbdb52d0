import Foundation
import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

/// The store through its boundary, small, merged and loose.
@Suite struct `Embedded store` {
    private let directory = TestDirectory()

    private func open(merges: Bool = false) throws -> EmbeddedStore {
        var settings = EmbeddedStore.Settings(directory: directory.path)
        settings.merges = merges
        return try EmbeddedStore(settings, now: { 1_795_000_100_000_000_000 }, log: { _ in })
    }

    private func append(_ spans: [TestSpan], to store: EmbeddedStore) async throws {
        var batch = SpanBatch()
        for span in spans { batch.append(span) }
        _ = try await store.append(batch, receivedAt: 1_795_000_100_000_000_000)
    }

    /// Every span with its list, tenant and parent, read back trace by trace.
    private func check(_ spans: [TestSpan], in store: EmbeddedStore) async throws {
        for (trace, expected) in Dictionary(grouping: spans, by: \.trace) {
            let id =
                [UInt8](repeating: 7, count: 8) + withUnsafeBytes(of: trace.bigEndian) { Array($0) }
            let rows = try #require(try await store.trace(id))
            let batch = rows.batch
            #expect(batch.count == expected.count)
            let byID = Dictionary(uniqueKeysWithValues: expected.map { ($0.span, $0) })
            for row in 0..<batch.count {
                let span = try #require(byID[batch.spans.number(SpanField.spanID, row)])
                #expect(batch.spans.number(SpanField.parentSpanID, row) == span.parent)
                #expect(batch.spans.number(SpanField.start, row) == span.start)
                var attributes = Set(
                    span.attributes.map { AttributeValue.Entry(key: $0, value: .string($1)) })
                if !span.list.isEmpty {
                    attributes.insert(
                        .init(key: "list", value: .array(span.list.map { .string($0) })))
                }
                #expect(Set(batch.spans.attributes(row)) == attributes)
                let tenants = rows.dimensions[row].first { $0.name == "tenant" }?.values
                #expect(tenants == [.text(span.attributes["tenant"] ?? "")])
                let services = rows.dimensions[row].first { $0.name == "service" }?.values
                #expect(services == [.text(span.service)])
            }
            #expect(batch.events.rowCount == expected.count)
        }
    }

    @Test func `gives traces back as they were sent, wherever their spans lie`() async throws {
        let store = try open()
        let spans = testSpans(300, seed: 11)
        try await append(Array(spans.prefix(150)), to: store)
        try await append(Array(spans.suffix(150)), to: store)
        try await check(spans, in: store)
        try store.close()
        let merged = try open(merges: true)
        try merged.mergeAll()
        try await check(spans, in: merged)
        // Some traces now lie in a large segment and a small one.
        let more = testSpans(60, seed: 12).map { span in
            var span = span
            span.span += 10_000
            span.parent = 0
            return span
        }
        try await append(more, to: merged)
        try await check(spans + more, in: merged)
        try merged.close()
    }

    @Test(arguments: [false, true])
    func `counts lists element by element, and each trace once`(merges: Bool) async throws {
        let store = try open(merges: merges)
        let spans = testSpans(200, seed: 13)
        try await append(spans, to: store)
        if merges { try store.mergeAll() }
        let query = SliceQuery(by: [Field("list")], unit: .trace, limit: nil)
        let answer = try await store.slices(query)
        var traces: [GroupValue: Set<UInt64>] = [:]
        for (trace, spans) in Dictionary(grouping: spans, by: \.trace) {
            let values = Set(spans.flatMap(\.list))
            if values.isEmpty { traces[.null, default: []].insert(trace) }
            for value in values { traces[.text(value), default: []].insert(trace) }
        }
        #expect(
            Dictionary(uniqueKeysWithValues: answer.rows.map { ($0.key[0], $0.figures.now.count) })
                == traces.mapValues(\.count))
        #expect(answer.total.now.count == Set(spans.map(\.trace)).count)
        try store.close()
    }

    @Test func `finds traces by the beginning of their id`() async throws {
        let store = try open()
        try await append(testSpans(50, seed: 14), to: store)
        #expect(try await store.traceIDs(prefix: "07070707", limit: 3).count == 3)
        #expect(
            try await store.traceIDs(prefix: "0707070707070707000000000000000", limit: 20).count > 1
        )
        #expect(try await store.traceIDs(prefix: "08", limit: 3).isEmpty)
        #expect(try await store.trace([UInt8](repeating: 9, count: 16)) == nil)
        try store.close()
    }

    @Test func `stops a query whose task is cancelled`() async throws {
        let store = try open()
        try await append(testSpans(300, seed: 15), to: store)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await store.slices(SliceQuery(by: [Field("tenant")]))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        try store.close()
    }

    @Test func `keeps a log record once, however often it is sent`() async throws {
        let store = try open()
        let record = LogRecord(
            traceID: [UInt8](repeating: 1, count: 16), spanID: [], time: 5, eventName: "gen_ai.x",
            form: .json, bytes: Array("{}".utf8))
        try await store.append([record], receivedAt: 1_795_000_100_000_000_000)
        try await store.append([record], receivedAt: 1_795_000_100_000_000_001)
        try store.close()
        // An empty partition opens like others.
        try open().close()
    }
}
