internal import Foundation
internal import Synchronization

/// Holds commits back while merging is too far behind, so that what waits to be merged, and the memory that it takes, does not
/// grow as long as spans come faster than they are merged.
///
/// A sender then waits for its answer, as it does for a slow disk, and the time goes to merging. If that does not get on, a
/// commit a second goes through all the same.
final class MergePace: Sendable {
    private let spansMax: Int
    /// Spans that wait to be merged; nil while nothing merges them, since waiting would not help.
    private let backlog: @Sendable () -> Int?

    /// So long a commit waits at most: merging that takes longer for whatever reason must not look like a dead server.
    private static let secondsMax = 1.0
    private static let stepSeconds = 0.002
    private let isStopped = Atomic(false)

    init(spansMax: Int, backlog: @escaping @Sendable () -> Int?) {
        self.spansMax = spansMax
        self.backlog = backlog
    }

    /// From now on nothing waits: the store closes.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Returns once there is room, or it took too long. Blocks its thread, which is that of commits.
    func wait() {
        let deadline = ContinuousClock.now + .seconds(Self.secondsMax)
        while !isStopped.load(ordering: .relaxed), let spans = backlog(), spans > spansMax,
            ContinuousClock.now < deadline
        {
            Thread.sleep(forTimeInterval: Self.stepSeconds)
        }
    }
}
