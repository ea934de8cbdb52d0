import Spans
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Commits` {
    private final class Backlog: Sendable {
        let spans: Mutex<Int?>
        let asked = Atomic(0)

        init(_ spans: Int?) { self.spans = Mutex(spans) }

        /// Each time it is asked, a merge has taken some.
        func next(_ merged: Int) -> Int? {
            asked.add(1, ordering: .relaxed)
            return spans.withLock { spans in
                defer { spans = spans.map { $0 - merged } }
                return spans
            }
        }

        var count: Int { asked.load(ordering: .relaxed) }
    }

    @Test(arguments: [nil, 0, 100] as [Int?])
    func `do not wait while little is to be merged, or nothing merges`(spans: Int?) {
        let backlog = Backlog(spans)
        MergePace(spansMax: 100) { backlog.next(0) }.wait()
        #expect(backlog.count == 1)
    }

    @Test func `wait until merging has caught up`() {
        let backlog = Backlog(130)
        MergePace(spansMax: 100) { backlog.next(10) }.wait()
        #expect(backlog.count == 4)
    }

    @Test func `do not wait once the store closes`() {
        let backlog = Backlog(101)
        let pace = MergePace(spansMax: 100) { backlog.next(0) }
        pace.stop()
        pace.wait()
        #expect(backlog.count == 0)
    }

    @Test func `go on all the same where merging does not get on`() {
        let backlog = Backlog(101)
        let begin = ContinuousClock.now
        MergePace(spansMax: 100) { backlog.next(0) }.wait()
        #expect(ContinuousClock.now - begin >= .seconds(1))
        #expect(backlog.count > 10)
    }
}

@Suite struct `Merging` {
    /// On each of eight days too little waits for a merge to be due, and together it is more than may wait.
    @Test func `gets on with many days of a few spans each while commits wait for it`() throws {
        let directory = TestDirectory()
        let engine = try directory.engine()
        let policy = MergePolicy(
            spansMax: 1000, smallSegmentsMax: 100, backlogSpansMax: 100, idleSeconds: 1000)
        let upkeep = Upkeep(engine, policy, Retention(seconds: nil))
        #expect(upkeep.isMerging)
        for day in 0..<8 as Range<UInt64> {
            var batch = SpanBatch()
            for number in 1...(day + 10) {
                batch.append(
                    TestSpan(
                        trace: day << 32 | number, span: number,
                        start: 1_795_000_000_000_000_000 + day * Day.nanoseconds + number))
            }
            _ = try engine.commit(batch, [batch.count], engine.now())
        }
        #expect(engine.snapshot.smallSpans == 108)
        while try upkeep.step() {}
        #expect(!policy.isUrgent(engine.snapshot.smallSpans))
        #expect(engine.snapshot.smallSpans > 0)
        // The days with most went first.
        #expect(engine.snapshot.small.allSatisfy { $0.liveSpans < 17 })
        try engine.close()
    }
}

@Suite struct `The window of identities` {
    @Test func `finds what is left, and gives back the room of what is gone`() {
        var window = IdentityWindow()
        func insert(_ number: UInt64, _ segment: UInt32) -> IdentityWindow.Location? {
            let location = IdentityWindow.Location(segment: segment, row: UInt32(number))
            return window.insert(
                number &* 0x9e37_79b9_7f4a_7c15, location, isSame: { _ in true },
                replaces: { _ in false })
        }
        for number in 1...20_000 as ClosedRange<UInt64> {
            #expect(insert(number, number <= 19_000 ? 1 : 2) == nil)
        }
        let full = window.size
        window.remove(segments: [1])
        #expect(window.count == 1000)
        #expect(window.size < full / 8)
        for number in 19_001...20_000 as ClosedRange<UInt64> {
            #expect(insert(number, 3)?.segment == 2)
        }
        #expect(insert(1, 3) == nil)
        window.remove(segments: [2, 3])
        #expect(window.count == 0)
    }
}
