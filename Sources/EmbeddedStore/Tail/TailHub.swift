internal import Synchronization

/// Hands what commits to those who follow a tail. A commit only leaves a reference here: whoever follows does
/// the reading, and who falls behind skips, so that no reader holds ingest up.
final class TailHub: Sendable {
    private struct Follower {
        var views: [SegmentView] = []
        var spans = 0
        var skipped = 0

        mutating func take(_ view: SegmentView, most: Int) {
            views.append(view)
            spans += view.liveSpans
            while spans > most, views.count > 1 {
                let gone = views.removeFirst()
                spans -= gone.liveSpans
                skipped += gone.liveSpans
            }
        }
    }

    private struct State {
        var followers: [Int: Follower] = [:]
        var next = 0
    }

    /// Spans that wait for one follower at most: what a page reads, several times over.
    private static let spansMax = 8192

    private let state = Mutex(State())

    func follow() -> Int {
        state.withLock { state in
            state.next += 1
            state.followers[state.next] = Follower()
            return state.next
        }
    }

    func leave(_ id: Int) { state.withLock { $0.followers[id] = nil } }

    /// - Parameter views: segments of one commit.
    func offer(_ views: some Collection<SegmentView>) {
        state.withLock { state in
            for id in state.followers.keys {
                for view in views { state.followers[id]?.take(view, most: Self.spansMax) }
            }
        }
    }

    /// What waits for a follower, and how many spans did not find room.
    func take(_ id: Int) -> (views: [SegmentView], skipped: Int) {
        state.withLock { state in
            guard let follower = state.followers[id] else { return ([], 0) }
            state.followers[id] = Follower()
            return (follower.views, follower.skipped)
        }
    }
}
