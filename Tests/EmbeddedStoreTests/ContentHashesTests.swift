import Spans
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Hashes of what was sent` {
    private static let day: UInt64 = 1_795_000_000_000_000_000 / Day.nanoseconds * Day.nanoseconds

    private func spans() -> [TestSpan] {
        (1...60).map { number in
            TestSpan(
                trace: number % 7 + 1, span: number, parent: number % 4 == 0 ? number - 1 : 0,
                start: Self.day + number, duration: number % 3, kind: number % 2,
                attributes: [
                    "text": String(repeating: "say \(number) ", count: 400), "k": "\(number % 5)",
                    "": "empty key", "none": "",
                ],
                list: number % 3 == 0 ? ["a", "b\(number % 2)"] : [], service: "s\(number % 2)")
        }
    }

    private func data(_ spans: [TestSpan]) -> SegmentData {
        var batch = SpanBatch()
        for span in spans { batch.append(span) }
        return SegmentData(batch)
    }

    /// By span id.
    private func hashes(of segment: Segment) throws -> [UInt64: UInt64] {
        let ids = try segment.data { _ in true }.numbers(SpanField.spanID)
        return Dictionary(uniqueKeysWithValues: zip(ids, try ContentHashes(segment).all))
    }

    @Test func `are the same before and after merging`() throws {
        let spans = spans()
        let directory = TestDirectory()
        let engine = try directory.engine()
        for part in [spans[..<20], spans[20...]] {
            var batch = SpanBatch()
            for span in part { batch.append(span) }
            _ = try engine.commit(batch, [batch.count], engine.now())
        }
        let expected = Dictionary(
            uniqueKeysWithValues: zip(spans.map(\.span), ContentHashes(data(spans)).all))
        var packed: [UInt64: UInt64] = [:]
        for view in engine.snapshot.small {
            packed.merge(try hashes(of: view.segment)) { first, _ in first }
        }
        #expect(packed == expected)
        let upkeep = Upkeep(engine, MergePolicy(idleSeconds: -1), Retention(seconds: nil))
        while try upkeep.step() {}
        let merged = try #require(engine.snapshot.large.first)
        #expect(engine.snapshot.large.count == 1)
        #expect(try hashes(of: merged.segment) == expected)
        try engine.close()
    }

    @Test(
        arguments: [
            { $0.parent = 9 }, { $0.start += 1 }, { $0.duration += 1 }, { $0.kind += 1 },
            { $0.attributes["k"] = "other" }, { $0.attributes["k"] = nil },
            { $0.attributes["none"] = nil }, { $0.attributes["more"] = "" },
            { $0.attributes["text"]?.append("!") }, { $0.list = ["b1", "a"] },
            { $0.list = ["a", "b1", "b1"] }, { $0.list = [] }, { $0.service = "other" },
        ] as [@Sendable (inout TestSpan) -> Void])
    func `differ where anything differs`(change: @Sendable (inout TestSpan) -> Void) throws {
        let span = try #require(spans().first { $0.span == 15 })
        var changed = span
        change(&changed)
        #expect(changed != span)
        #expect(ContentHashes(data([span])).all != ContentHashes(data([changed])).all)
    }
}
