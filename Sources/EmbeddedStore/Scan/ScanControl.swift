internal import Prices
internal import Store
internal import Synchronization

/// What a query is given on its way: whether to stop early, since its client went away or its time is up, and
/// what tokens cost.
final class ScanControl: Sendable {
    private let isCancelled = Atomic(false)
    private let deadline: ContinuousClock.Instant
    private let seconds: Int
    /// The scores that the query sees.
    let scores: ScoreSnapshot?
    /// nil if the operator gave no table.
    let prices: PriceTable?
    /// Notes what is asked for; nil for queries that are not asked again and again.
    let hot: HotFields?

    init(
        seconds: Int, scores: ScoreSnapshot? = nil, prices: PriceTable? = nil,
        hot: HotFields? = nil
    ) {
        self.hot = hot
        self.scores = scores
        self.seconds = seconds
        self.prices = prices
        deadline = .now + .seconds(seconds)
    }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    /// Throws if the query should stop. Asked before each step over a frame.
    func check() throws {
        if isCancelled.load(ordering: .relaxed) { throw CancellationError() }
        if ContinuousClock.now > deadline { throw QueryError.timeout(seconds: seconds) }
    }
}
