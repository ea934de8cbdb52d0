import Foundation
import Spans
import TestSupport
import Testing

@testable import EmbeddedStore

/// A span as a test thinks of it: plain values by key.
struct TestSpan: Hashable {
    var trace: UInt64
    var span: UInt64
    var parent: UInt64 = 0
    var start: UInt64
    var duration: UInt64 = 5
    var kind: UInt64 = 0
    /// 2 is an error.
    var status: UInt64 = 0
    var attributes: [String: String] = [:]
    var list: [String] = []
    var service = "a"
}

extension SpanBatch {
    mutating func append(_ span: TestSpan) {
        let resource = resources.beginRow()
        resources.set("service.name", span.service)
        spans.beginRow()
        var id = [UInt8](repeating: 7, count: 8)
        id.append(contentsOf: withUnsafeBytes(of: span.trace.bigEndian) { Array($0) })
        id.withUnsafeBytes { spans.set(SpanField.traceID, $0) }
        spans.set(SpanField.spanID, span.span)
        if span.parent != 0 { spans.set(SpanField.parentSpanID, span.parent) }
        spans.set(SpanField.start, span.start)
        spans.set(SpanField.duration, span.duration)
        if span.kind != 0 { spans.set(SpanField.kind, span.kind) }
        if span.status != 0 { spans.set(SpanField.status, span.status) }
        spans.set(SpanField.resource, UInt64(resource))
        for (key, value) in span.attributes { spans.set(key, value) }
        if !span.list.isEmpty {
            Array("list".utf8).withUnsafeBytes { key in
                spans.set(key) { add in
                    for element in span.list { Array(element.utf8).withUnsafeBytes(add) }
                }
            }
        }
        events.beginRow()
        events.set(EventField.span, UInt64(spans.rowCount - 1))
        events.set(EventField.time, span.start + 1)
    }
}

extension TableBuilder {
    mutating func set(_ key: String, _ value: String) {
        Array(key.utf8).withUnsafeBytes { key in
            Array(value.utf8).withUnsafeBytes { set(key, .string, bytes: $0) }
        }
    }
}

extension SegmentData {
    /// Its spans, read back the slow way.
    func testSpans() throws -> [TestSpan] {
        var data = self
        try ParentRows.unfold(&data)
        let traces = try #require(data.field(SpanField.traceID))
        let resources = data.numbers(SpanField.resource)
        let parents = data.numbers(SpanField.parentSpanID)
        var spans = (0..<data.spanCount).map { row in
            let id = traces.strings.withValue(Int(traces.codes[row])) { Array($0) }
            return TestSpan(
                trace: id[8...].reduce(0) { $0 << 8 | UInt64($1) },
                span: data.numbers(SpanField.spanID)[row], parent: parents[row],
                start: data.numbers(SpanField.start)[row],
                duration: data.numbers(SpanField.duration)[row],
                kind: data.numbers(SpanField.kind)[row],
                status: data.numbers(SpanField.status)[row])
        }
        for (key, column) in data.columns where key.origin == .attribute && key.table == .span {
            column.presence.visit { row, entry in
                if key.type == .strings {
                    spans[row].list = column.lists[Int(column.codes[entry])].map {
                        column.strings.string(Int($0))
                    }
                } else {
                    spans[row].attributes[key.name] = column.strings.string(
                        Int(column.codes[entry]))
                }
            }
        }
        let services = try #require(
            data.columns[ColumnKey(.resource, .attribute, "service.name", .string)])
        for row in spans.indices {
            spans[row].service = services.strings.string(
                Int(services.codes[Int(resources[row])]))
        }
        let events = data.numbers(EventField.span)
        let times = data.numbers(EventField.time)
        #expect(events.count == spans.count)
        for (row, time) in zip(events, times) { #expect(spans[Int(row)].start + 1 == time) }
        return spans
    }
}

/// Spans of a few traces, with parents, texts, lists and odd values.
func testSpans(_ count: Int, seed: UInt64) -> [TestSpan] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
        let trace = UInt64.random(in: 1...UInt64(max(2, count / 5)), using: &random)
        return TestSpan(
            trace: trace, span: UInt64(index + 1),
            parent: Bool.random(using: &random)
                ? UInt64.random(in: 1...UInt64(count), using: &random) : 0,
            start: 1_795_000_000_000_000_000 + trace * 1_000_000
                + UInt64.random(in: 0...999, using: &random),
            duration: UInt64.random(in: 0...(1 << 40), using: &random),
            attributes: [
                "tenant": "t-\(trace % 17)",
                "prompt": String(repeating: "word \(trace % 9) ", count: 30) + "\(index)",
                "empty": "", "k\(index % 3)": "v\(index)",
            ],
            list: index % 4 == 0 ? ["doc-\(index % 13)", "doc-\(index % 7)", "ö"] : [],
            service: "s\(trace % 3)")
    }
}

final class TestDirectory {
    let path = NSTemporaryDirectory() + "everyspan-\(UUID().uuidString)"
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func engine() throws -> Engine {
        try Engine(
            PartitionDirectory(path: path, log: { _ in }), warmBytesMax: 32 << 20,
            now: { 1_795_000_100_000_000_000 })
    }
}

extension Segment {
    func allColumns() throws -> SegmentData {
        var data = SegmentData(rowCounts: record.rowCounts)
        data.traceEnds = try traceEnds()
        for key in keys { data.columns[key] = try column(key, withTexts: true) }
        return data
    }
}

extension Engine {
    @discardableResult
    func append(_ spans: [TestSpan]) throws -> Int {
        var batch = SpanBatch()
        for span in spans { batch.append(span) }
        return try commit(batch, [batch.count], now()).reduce(0, +)
    }

    func live() throws -> [TestSpan] {
        try snapshot.views.flatMap { view in
            try view.segment.allColumns().testSpans().enumerated()
                .filter { view.deleted?.contains($0.offset) != true }.map(\.element)
        }
    }

    func mergeAll() throws {
        let upkeep = Upkeep(
            self, MergePolicy(smallSegmentsMax: 1, idleSeconds: -1), Retention(seconds: nil))
        while try upkeep.step() {}
    }
}

@Suite struct `Committed spans` {
    let directory = TestDirectory()

    /// A refused span and a repeated key take values back that the dictionaries already have.
    @Test(arguments: [2, 3, 50]) func `leave nothing of values that were taken back`(
        every: Int
    ) throws {
        var batch = SpanBatch()
        var kept: [TestSpan] = []
        for (index, span) in testSpans(50, seed: 5).enumerated() {
            let events = batch.events.rowCount
            batch.append(span)
            if index % every == 0 {
                batch.removeLastSpan(eventsBefore: events, linksBefore: 0)
                continue
            }
            for value in ["none of them is \(index)", span.attributes["tenant"] ?? ""] {
                Array("tenant".utf8).withUnsafeBytes { key in
                    Array(value.utf8).withUnsafeBytes {
                        batch.spans.set(key, .string, bytes: $0)
                    }
                }
            }
            kept.append(span)
        }
        let engine = try directory.engine()
        _ = try engine.commit(batch, [batch.count], engine.now())
        #expect(try Set(engine.live()) == Set(kept))
        for column in try engine.snapshot.views[0].segment.allColumns().columns.values
        where column.key.type.isCoded {
            #expect(Set(column.codes) == Set(0..<UInt32(column.valueCount)))
        }
        try engine.mergeAll()
        #expect(try Set(engine.live()) == Set(kept))
    }

    @Test(arguments: [1, 7, 300])
    func `come back as sent, small, merged, merged again and after a restart`(count: Int) throws {
        let spans = testSpans(count, seed: 1)
        var engine = try directory.engine()
        for chunk in 0..<3 {
            try engine.append(spans.enumerated().filter { $0.offset % 3 == chunk }.map(\.element))
        }
        #expect(try Set(engine.live()) == Set(spans))
        try engine.close()
        engine = try directory.engine()
        #expect(try Set(engine.live()) == Set(spans))
        try engine.mergeAll()
        #expect(engine.snapshot.small.isEmpty && engine.snapshot.large.count == 1)
        #expect(try Set(engine.live()) == Set(spans))
        let more = testSpans(count, seed: 2).map { span in
            var span = span
            span.span += 1_000_000
            return span
        }
        try engine.append(more)
        try engine.mergeAll()
        try engine.close()
        engine = try directory.engine()
        #expect(try Set(engine.live()) == Set(spans + more))
        #expect(try engine.live().count == spans.count + more.count)
        try engine.close()
    }

    @Test func `are there once however often they are sent`() throws {
        let spans = testSpans(200, seed: 3)
        let engine = try directory.engine()
        try engine.append(spans + spans.prefix(20))
        #expect(try engine.append(spans) == 200)
        #expect(try engine.live().sorted { $0.span < $1.span } == spans)
        try engine.mergeAll()
        #expect(try engine.append(Array(spans.shuffled().prefix(50))) == 50)
        #expect(try engine.live().sorted { $0.span < $1.span } == spans)
        try engine.mergeAll()
        #expect(try engine.live().sorted { $0.span < $1.span } == spans)
        #expect(engine.ledger[.duplicateSpan] == 270)
        try engine.close()
    }

    @Test func `give way to a copy that ends later, and only to that`() throws {
        let engine = try directory.engine()
        var span = testSpans(1, seed: 4)[0]
        span.duration = 10
        try engine.append([span])
        var earlier = span
        earlier.duration = 3
        try engine.append([earlier])
        #expect(try engine.live() == [span])
        try engine.mergeAll()
        var later = span
        later.duration = 11
        later.attributes["tenant"] = "new"
        try engine.append([later])
        #expect(try engine.live() == [later])
        try engine.append([earlier])
        #expect(try engine.live() == [later])
        try engine.close()
    }

    @Test func `lie in the partition of their day, of which a commit touches eight at most`() throws
    {
        let engine = try directory.engine()
        let day: UInt64 = 86_400_000_000_000
        let spans = testSpans(30, seed: 5).enumerated().map { index, span in
            var span = span
            span.start = 1_795_000_000_000_000_000 - UInt64(index) * day
            return span
        }
        try engine.append(spans)
        #expect(try Set(engine.live()) == Set(spans))
        #expect((2...8).contains(engine.partitions.count))
        #expect(engine.ledger[.scatteredTime] > 0)
        try engine.close()
    }

    @Test func `keep a second server out`() throws {
        let engine = try directory.engine()
        #expect(throws: StoreError.self) { try directory.engine() }
        try engine.close()
    }
}
