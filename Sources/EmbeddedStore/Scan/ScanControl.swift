internal import Prices
internal import Store
internal import Synchronization

/// What a query is given on its way: whether to stop early, since its client went away or its time is up, and
/// what tokens cost.
final class ScanControl: Sendable {
    private let isCancelled = Atomic(false)
    private let deadline: ContinuousClock.Instant
    private let seconds: Int
    private let reserved = Atomic(0)
    private let bytesMax: Int
    /// Lends room for what only saves time; nil if there is no other that wants it.
    let spare: WarmColumns?
    /// The scores that the query sees.
    let scores: ScoreSnapshot?
    /// nil if the operator gave no table.
    let prices: PriceTable?
    /// Notes what is asked for; nil for queries that are not asked again and again.
    let hot: HotFields?

    init(
        seconds: Int, bytesMax: Int = .max, spare: WarmColumns? = nil, scores: ScoreSnapshot? = nil,
        prices: PriceTable? = nil,
        hot: HotFields? = nil
    ) {
        self.bytesMax = bytesMax
        self.spare = spare
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

    /// Counts memory that the query takes for itself, before it does where that can be told; warm columns have a budget of
    /// their own.
    ///
    /// - Throws: `QueryError.tooLarge` if it is too much.
    func reserve(_ bytes: Int, _ use: MemoryUse) throws {
        let (_, sum) = reserved.add(max(0, bytes), ordering: .relaxed)
        if sum > bytesMax {
            throw QueryError.tooLarge(bytesMax: bytesMax, what: use.what, advice: use.advice)
        }
    }

    /// Takes back what was reserved for a part of the query that is done.
    func release(_ bytes: Int) { reserved.subtract(max(0, bytes), ordering: .relaxed) }
}

/// What a query takes memory for.
enum MemoryUse {
    case groups
    case rows
    case steps
    case values
    case spans
    case cohorts

    var what: String {
        switch self {
        case .groups: "the combinations of values"
        case .rows: "the figures of all rows"
        case .steps: "the figures of all rows in all steps"
        case .values: "the distinct values"
        case .spans: "the spans of the page"
        case .cohorts: "what the cohorts have of every dimension"
        }
    }

    var advice: String {
        switch self {
        case .groups: "group by fewer or smaller dimensions, narrow the time range or add a where"
        case .rows: "lower limit"
        case .steps: "lower limit or take longer steps"
        case .values: "narrow the time range, or leave distinct=all out"
        case .spans: "lower limit"
        case .cohorts: "narrow the time range or the target, or name the dimensions by="
        }
    }
}
