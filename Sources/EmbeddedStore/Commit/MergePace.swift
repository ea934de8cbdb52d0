internal import Foundation

/// Holds commits back while merging is too far behind: what waits to be merged, and the memory that it takes, stays bounded
/// however fast spans come and however long.
///
/// A sender then waits for its answer, as it does for a slow disk, and the time goes to merging.
final class MergePace: Sendable {
    private let spansMax: Int
    /// Spans that wait to be merged; nil while nothing merges them, since waiting would not help.
    private let backlog: @Sendable () -> Int?

    /// So long a commit waits at most: merging that takes longer for whatever reason must not look like a dead server.
    private static let secondsMax = 1.0
    private static let stepSeconds = 0.002

    init(spansMax: Int, backlog: @escaping @Sendable () -> Int?) {
        self.spansMax = spansMax
        self.backlog = backlog
    }

    /// Returns once there is room, or it took too long. Blocks its thread, which is that of commits.
    func wait() {
        let deadline = ContinuousClock.now + .seconds(Self.secondsMax)
        while let spans = backlog(), spans > spansMax, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: Self.stepSeconds)
        }
    }
}
