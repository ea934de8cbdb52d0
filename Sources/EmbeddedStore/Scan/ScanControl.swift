internal import Store
internal import Synchronization

/// Lets a query stop early: its client went away, or its time is up.
final class ScanControl: Sendable {
    private let isCancelled = Atomic(false)
    private let deadline: ContinuousClock.Instant
    private let seconds: Int
    /// The scores that the query sees.
    let scores: ScoreSnapshot?

    init(seconds: Int, scores: ScoreSnapshot? = nil) {
        self.scores = scores
        self.seconds = seconds
        deadline = .now + .seconds(seconds)
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Throws if the query should stop. Asked before each step over a frame.
    func check() throws {
        if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
        if ContinuousClock.now > deadline { throw QueryError.timeout(seconds: seconds) }
    }
}
