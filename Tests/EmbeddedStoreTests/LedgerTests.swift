import Foundation
import GRDB
import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

/// What the engine's clock says, and when tests send.
private let now: UInt64 = 1_795_000_100_000_000_000

extension Engine {
    /// Every line with its count; those beyond the lines that are kept under nil.
    fileprivate func lines() throws -> [LedgerLine?: Int] {
        var lines: [LedgerLine?: Int] = [:]
        for entry in try ledgerLines().entries {
            lines[entry.isOther ? nil : entry.line, default: 0] += entry.count
        }
        return lines
    }

    /// Totals in memory, in the files' lines, and in the files' totals are one.
    fileprivate func checkTotals() throws {
        var sums = LedgerCounts()
        for entry in try ledgerLines().entries { sums.count(entry.line.reason, entry.count) }
        #expect(sums == ledger)
    }
}

@Suite struct `The stored ledger` {
    private let directory = TestDirectory()

    private func append(
        _ spans: [TestSpan], to engine: Engine, at receivedAt: UInt64 = now,
        _ count: (inout SpanBatch) -> Void = { _ in }
    ) throws {
        var batch = SpanBatch()
        for span in spans { batch.append(span) }
        count(&batch)
        _ = try engine.commit(batch, [batch.count], receivedAt)
    }

    private func late(_ spans: [TestSpan], at receivedAt: UInt64 = now) -> [LedgerLine?: Int] {
        var lines: [LedgerLine?: Int] = [:]
        for span in spans where span.start + span.duration < receivedAt - 600_000_000_000 {
            let line = LedgerLine(.late, tenant: span.attributes["tenant"], service: span.service)
            lines[line, default: 0] += 1
        }
        return lines
    }

    @Test(arguments: [1, 255, 256, 257])
    func `has every commit's lines, before and after they are added up`(commits: Int) throws {
        var engine = try directory.engine()
        let receivedAt = now + 3_600_000_000_000
        var expected: [LedgerLine?: Int] = [:]
        for number in 0..<commits {
            let spans = testSpans(40, seed: UInt64(number)).map { span in
                var span = span
                span.span += UInt64(number) * 1000
                return span
            }
            try append(spans, to: engine, at: receivedAt + UInt64(number))
            expected.merge(late(spans, at: receivedAt), uniquingKeysWith: +)
        }
        #expect(!expected.isEmpty)
        #expect(try engine.lines() == expected)
        try engine.checkTotals()
        let times = try engine.ledgerLines().entries
        #expect(times.compactMap(\.first).min() == Int64(receivedAt))
        #expect(times.compactMap(\.last).max() == Int64(receivedAt) + Int64(commits) - 1)
        try engine.mergeAll()
        try engine.close()
        engine = try directory.engine()
        #expect(try engine.lines() == expected)
        try engine.checkTotals()
        try engine.close()
    }

    @Test func `keeps what readers counted with the spans, also with a batch that has none`() throws
    {
        let engine = try directory.engine()
        let spans = testSpans(3, seed: 1).map { span in
            var span = span
            span.duration = 1 << 40
            return span
        }
        let odd = [
            LedgerLine(.invalidUTF8, tenant: "a", service: "s", key: "k"),
            LedgerLine(.invalidUTF8, tenant: "a", service: "s", key: ""),
            LedgerLine(.invalidUTF8, tenant: "a", service: "s"),
            LedgerLine(
                .invalidUTF8, tenant: "ü \"quoted\" \\ \u{0} \u{1F600}\n", key: "\u{0}\u{1}"),
            LedgerLine(.invalidSpan),
        ]
        try append(spans, to: engine) { batch in
            for line in odd { batch.ledger.count(line, 2) }
        }
        var alone = Ledger()
        for line in odd { alone.count(line, 3) }
        try engine.count(alone)
        var expected: [LedgerLine?: Int] = [:]
        for line in odd { expected[line] = 5 }
        #expect(try engine.lines() == expected)
        for _ in 0..<270 { try engine.count(alone) }
        for line in odd { expected[line] = 5 + 270 * 3 }
        #expect(try engine.lines() == expected)
        try engine.checkTotals()
        try engine.close()
    }

    @Test func `has duplicates of one request, of several, of merged ones and of other days`()
        throws
    {
        let engine = try directory.engine()
        let spans = testSpans(50, seed: 3).map { span in
            var span = span
            span.duration = 1 << 40
            return span
        }
        func line(_ span: TestSpan) -> LedgerLine {
            LedgerLine(
                .duplicateSpan, tenant: span.attributes["tenant"], service: span.service)
        }
        var expected: [LedgerLine?: Int] = [:]
        try append(spans + spans.prefix(7), to: engine)
        for span in spans.prefix(7) { expected[line(span), default: 0] += 1 }
        try append(Array(spans.suffix(9)), to: engine)
        for span in spans.suffix(9) { expected[line(span), default: 0] += 1 }
        try engine.mergeAll()
        try append(Array(spans.prefix(20)), to: engine)
        for span in spans.prefix(20) { expected[line(span), default: 0] += 1 }
        #expect(try engine.lines() == expected)
        let moved = spans.prefix(4).map { span in
            var span = span
            span.start -= 2 * 86_400_000_000_000
            span.duration += 2 * 86_400_000_000_000 - 5
            return span
        }
        try append(Array(moved), to: engine)
        try engine.mergeAll()
        _ = try engine.removeCopies()
        for span in moved { expected[line(span), default: 0] += 1 }
        #expect(try engine.lines() == expected)
        try engine.checkTotals()
        try engine.close()
    }

    @Test func `has each span of many days with its own, and those beyond eight as scattered`()
        throws
    {
        let engine = try directory.engine()
        let day: UInt64 = 86_400_000_000_000
        let spans = testSpans(30, seed: 5).enumerated().map { index, span in
            var span = span
            span.start -= UInt64(index) * day
            span.duration = 5
            return span
        }
        try append(spans, to: engine)
        let lines = try engine.lines()
        let scattered = lines.filter { $0.key?.reason == .scatteredTime }
        #expect(scattered.values.reduce(0, +) == engine.ledger[.scatteredTime])
        #expect(scattered.keys.allSatisfy { $0?.tenant != nil && $0?.service != nil })
        #expect(lines.filter { $0.key?.reason == .late } == late(spans))
        try engine.checkTotals()
        // What is late of a day goes with the day's file.
        for partition in engine.partitions {
            let held = try partition.ledgerEntries().filter { $0.line.reason == .late }
            #expect(!held.isEmpty || partition.name == Day.name(Day.of(now)))
        }
        try engine.close()
    }

    @Test func `loses its lines with the partition, and keeps what retention dropped`() throws {
        let engine = try directory.engine()
        let spans = testSpans(30, seed: 6).map { span in
            var span = span
            span.duration = 5
            return span
        }
        try append(spans, to: engine, at: now + 3_600_000_000_000)
        #expect(engine.ledger[.late] == 30)
        let partition = try #require(engine.partitions.first)
        try engine.drop(partition, "test")
        #expect(try engine.lines() == [LedgerLine(.droppedByRetention): 30])
        try engine.checkTotals()
        try engine.close()
    }

    /// Lines are bounded, in one commit and in many; the totals are not.
    @Test(arguments: [1, 20]) func `counts what has no line by reason alone`(commits: Int) throws {
        let engine = try directory.engine()
        let count = Ledger.linesMax + 100
        for commit in 0..<commits {
            var ledger = Ledger()
            for index in 0..<count where index % commits == commit {
                ledger.count(LedgerLine(.duplicateKey, tenant: "t\(index)", key: "k"), 2)
            }
            ledger.count(LedgerLine(.tooDeep, tenant: "t"), 1)
            try engine.count(ledger)
        }
        let lines = try engine.lines()
        #expect(lines.keys.count { $0 != nil } == Ledger.linesMax)
        let listed = lines.reduce(0) { $1.key == nil ? $0 : $0 + $1.value }
        #expect(lines[nil] == 2 * count + commits - listed)
        #expect(engine.ledger[.duplicateKey] == 2 * count)
        try engine.checkTotals()
        let others = try engine.ledgerLines().entries.filter(\.isOther)
        #expect(others.allSatisfy { $0.first != nil && $0.last != nil && $0.line.tenant == nil })
        // A line that is there goes on counting.
        var again = Ledger()
        again.count(LedgerLine(.duplicateKey, tenant: "t0", key: "k"), 5)
        for _ in 0..<270 { try engine.count(again) }
        #expect(
            try engine.lines()[LedgerLine(.duplicateKey, tenant: "t0", key: "k")] == 2 + 270 * 5)
        try engine.checkTotals()
        try engine.close()
    }

    /// What an older version has counted has no line; nothing of it is lost.
    @Test func `has what was counted before there were lines`() throws {
        var engine = try directory.engine()
        try append(testSpans(5, seed: 1), to: engine)
        let path = try #require(engine.partitions.first).path
        try engine.close()
        try DatabaseQueue(path: path).write { db in
            try db.execute(sql: "INSERT INTO ledger (reason, amount) VALUES ('span.late', 7)")
        }
        engine = try directory.engine()
        let other = try #require(try engine.ledgerLines().entries.first { $0.isOther })
        #expect(
            other == LedgerEntry(LedgerLine(.late), count: 7, first: nil, last: nil, isOther: true))
        try engine.checkTotals()
        try engine.close()
    }

    /// However a file is damaged, commits go on, and what cannot be told by line is in the total.
    @Test(arguments: [
        "UPDATE ledger_commit SET lines = 'x'", "UPDATE ledger_commit SET lines = x'ff'",
        "UPDATE ledger_commit SET lines = '[[\"span.late\"]]'",
        "UPDATE ledger_commit SET received = 'x'",
        "UPDATE ledger_line SET amount = 'x'", "UPDATE ledger_line SET amount = -5",
        "UPDATE ledger_line SET amount = 9223372036854775807",
        "UPDATE ledger_line SET reason = 'of.the_future'", "UPDATE ledger_line SET first = x'00'",
        "UPDATE ledger_line SET id = 9223372036854775807 WHERE id = 1",
        "UPDATE ledger_line SET id = -9223372036854775808 WHERE id = 1",
        "UPDATE ledger_commit SET id = 9223372036854775807 WHERE id = (SELECT max(id) FROM ledger_commit)",
        "DELETE FROM ledger_line", "DELETE FROM ledger_commit",
    ]) func `stands damage`(statement: String) throws {
        var engine = try directory.engine()
        let receivedAt = now + 3_600_000_000_000
        func send(_ commits: Range<Int>) throws {
            for number in commits {
                let spans = testSpans(10, seed: 1).map { span in
                    var span = span
                    span.span += UInt64(number) * 1000
                    span.duration = 5
                    return span
                }
                try append(spans, to: engine, at: receivedAt)
            }
        }
        try send(0..<270)
        let path = try #require(engine.partitions.first).path
        try engine.close()
        try DatabaseQueue(path: path).write { try $0.execute(sql: statement) }
        engine = try directory.engine()
        try send(270..<540)
        #expect(engine.ledger[.late] == 5400)
        _ = try engine.ledgerLines()
        #expect(engine.ledger.damage == 0)
        try engine.close()
    }
}

@Suite struct `Owners by the dimensions' own sources` {
    /// What the ledger says of a span is what its dimensions read, inheritance apart.
    @Test(arguments: [
        ("tenant", "acme"), ("tenant.id", "t"),
        ("traceloop.association.properties.customer_id", "c"),
        ("metadata.tenant_id", "m"), ("metadata", #"{"tenant":"bag"}"#),
        ("langfuse.trace.metadata", #"{"org_id":7}"#), ("tenant", "None"),
        ("tenant", "[Scrubbed due to x]"),
        ("metadata", "no JSON"), ("service", "own"), ("service.name", "own"),
        ("langfuse.service.name", "own"), ("unrelated", "x"),
    ]) func `agree with them`(key: String, value: String) async throws {
        let directory = TestDirectory()
        var settings = EmbeddedStore.Settings(directory: directory.path)
        settings.merges = false
        let store = try EmbeddedStore(settings, now: { now }, log: { _ in })
        for place in [Table.span, .scope, .resource] {
            var batch = SpanBatch()
            let trace = UInt64(place.rawValue) + 1
            batch.append(TestSpan(trace: trace, span: 1, start: now - 1_000_000_000_000))
            let scope = batch.scopes.beginRow()
            batch.spans.set(SpanField.scope, UInt64(scope))
            switch place {
            case .span: batch.spans.set(key, value)
            case .scope: batch.scopes.set(key, value)
            default: batch.resources.set(key, value)
            }
            var reader = OwnerReader(store.owners)
            let owner = reader.owner(ofSpan: 0, in: batch)
            #expect(BatchOwners(batch, store.owners)[0] == owner)
            _ = try await store.append(batch, receivedAt: now)
            let id =
                [UInt8](repeating: 7, count: 8) + withUnsafeBytes(of: trace.bigEndian) { Array($0) }
            let rows = try #require(try await store.trace(id))
            func dimension(_ name: String) -> String? {
                guard
                    case .text(let text)? = rows.dimensions[0].first(where: { $0.name == name })?
                        .values.first
                else { return nil }
                return text
            }
            #expect(owner.tenant == dimension("tenant"))
            #expect(owner.service == dimension("service"))
        }
        try store.close()
    }
}
