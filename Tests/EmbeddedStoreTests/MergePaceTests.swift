import Synchronization
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

    @Test func `go on all the same where merging does not get on`() {
        let backlog = Backlog(101)
        let begin = ContinuousClock.now
        MergePace(spansMax: 100) { backlog.next(0) }.wait()
        #expect(ContinuousClock.now - begin >= .seconds(1))
        #expect(backlog.count > 10)
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
