import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Filters of partitions` {
    private static let day: UInt64 = 1_795_000_000_000_000_000 / Day.nanoseconds * Day.nanoseconds
    private let directory = TestDirectory()
    private let policy = MergePolicy(spansMax: 10, countedSpansMin: 1, idleSeconds: -1)

    private func commit(_ traces: ClosedRange<UInt64>, _ engine: Engine) throws {
        var batch = SpanBatch()
        for trace in traces {
            batch.append(TestSpan(trace: trace, span: trace, start: Self.day + trace))
        }
        _ = try engine.commit(batch, [batch.count], engine.now())
    }

    private func rest(_ engine: Engine) throws {
        let upkeep = Upkeep(engine, policy, Retention(seconds: nil))
        while try upkeep.step() {}
    }

    private func covered(_ engine: Engine) throws -> [Int64] {
        let partition = try #require(engine.partitions.first)
        return engine.snapshot.large.map(\.segment).filter {
            partition.filter?.covers($0) == true
        }.map(\.id).sorted()
    }

    @Test func `are made of four segments or more, and taken up by the next start`() throws {
        var engine = try directory.engine()
        for start in [1, 11, 21] as [UInt64] {
            try commit(start...(start + 9), engine)
            try rest(engine)
        }
        #expect(try covered(engine) == [])
        try commit(31...40, engine)
        try rest(engine)
        let four = try covered(engine)
        #expect(four.count == 4)
        // One that comes to four is asked for itself while spans come.
        let busy = Upkeep(
            engine, MergePolicy(spansMax: 10, countedSpansMin: 1, idleSeconds: 1000),
            Retention(seconds: nil))
        try commit(41...50, engine)
        while try busy.step() {}
        #expect(engine.snapshot.large.count == 5)
        #expect(try covered(engine) == four)
        try engine.close()
        engine = try directory.engine()
        #expect(try covered(engine) == four)
        try rest(engine)
        #expect(try covered(engine).count == 5)
        try engine.close()
    }

    /// The new spans of a trace find those that are merged, whether the filter knows their segment or not.
    @Test func `let traces pass that go on`() throws {
        let engine = try directory.engine()
        for start in stride(from: UInt64(1), through: 61, by: 10) {
            try commit(start...(start + 9), engine)
            try rest(engine)
        }
        var batch = SpanBatch()
        for trace in stride(from: UInt64(1), through: 100, by: 3) {
            batch.append(TestSpan(trace: trace, span: 1000 + trace, start: Self.day + trace))
        }
        _ = try engine.commit(batch, [batch.count], engine.now())
        let shared = engine.snapshot.large.reduce(0) { $0 + $1.shared.count }
        #expect(shared == stride(from: 1, through: 70, by: 3).map { $0 }.count)
        #expect(
            TraceCount.of(engine.snapshot) == 70
                + stride(from: 73, through: 100, by: 3).map { $0 }.count)
        try engine.close()
    }

    @Test func `let fewer strangers pass than those of segments`() throws {
        var random = SeededGenerator(seed: 7)
        let own = (0..<50_000).map { _ in random.next() }
        var filter = TraceFilter(traces: own.count, bitsPerTrace: 24)
        for hash in own { filter.insert(hash) }
        #expect(filter.places(of: own) == Array(own.indices))
        let strangers = (0..<500_000).map { _ in random.next() }
        // 1 of some 5,000 is what its documentation says.
        #expect(filter.places(of: strangers).count < 500_000 / 2500)
    }
}
