package import Spans

/// Where spans are kept, and what can be asked of it.
///
/// Everything above imports only this: no SQLite type and no SQL text crosses it. Queries are values,
/// answers are values; scanning and reading lie behind. A query runs until it is done, its deadline
/// passes (`QueryError.timeout`) or its task is cancelled (`CancellationError`).
package protocol Store: Sendable {
    /// Keeps a batch. Returns once it is durable and every query that starts later sees it.
    func append(_ batch: SpanBatch, receivedAt: UInt64) async throws -> AppendReport

    /// Unix nanoseconds: spans that start earlier are older than what is retained. 0 if all are kept.
    var oldestStartKept: UInt64 { get }

    /// Keeps log records as they were sent. Durable on return.
    func append(_ logs: [LogRecord], receivedAt: UInt64) async throws

    /// Keeps scores: each replaces an earlier one of its target, name and evaluator. Durable and visible
    /// on return, all of them or none.
    ///
    /// - Returns: how many replaced another.
    func append(_ scores: [Score], receivedAt: UInt64) async throws -> Int

    /// How spans would be read, each by itself and with the others of the batch, which is not kept.
    ///
    /// - Parameter reserved: names that are no attributes, which a mistyped key may have meant.
    func explain(_ batch: SpanBatch, reserved: [String]) async throws -> [SpanExplanation]

    /// The scores of a trace, its spans and their responses, by time.
    func scores(of trace: SpanRows, id: [UInt8]) async throws -> [Score]

    /// Counts what was refused before it became a batch.
    func count(_ ledger: Ledger) async throws

    /// All that was refused, repaired, late or doubled since the store was made, by reason, at no cost.
    var ledger: LedgerCounts { get }

    /// The same by tenant, service and key too. Reads what every file has counted.
    func ledgerLines() async throws -> LedgerAnswer

    /// Where spans say whose they are.
    var owners: OwnerSources { get }

    /// Differs whenever answers may differ, by commits or scores; merging does not change it. Means nothing to
    /// another run of the process.
    var contentVersion: String { get }

    func slices(_ query: SliceQuery, effort: QueryEffort) async throws -> SliceAnswer

    /// Which slices explain that some units are in the target and others are not.
    func compare(_ query: CompareQuery, effort: QueryEffort) async throws -> CompareAnswer

    /// What the watch has found, as it was last saved.
    func findings(_ query: FindingsQuery) async throws -> [StandingFinding]

    /// Keeps findings, each in the place of the one of its id, and forgets others. Durable on return.
    func save(_ findings: [StandingFinding], removing ids: [String]) async throws

    /// Notes that so many changes of a finding need not be told any more.
    func setTold(_ count: Int, of id: String) async throws

    /// The traces that a query selects, with all their spans; or the spans, each with its canonical
    /// dimensions.
    func list(_ query: ListQuery) async throws -> ListAnswer

    /// Follows what is committed from now on. Never holds up ingest: who reads too slowly skips spans.
    func tail(_ query: TailQuery) -> any Tail

    /// The traces whose id begins with these hexadecimal digits; `limit` at most.
    func traceIDs(prefix: String, limit: Int) async throws -> [[UInt8]]

    /// Every dimension that some span has, with how many values it has.
    func dimensions(_ query: DimensionsQuery) async throws -> DimensionsAnswer

    /// All spans of a trace; nil if there is none.
    func trace(_ id: [UInt8]) async throws -> SpanRows?

    /// The raw keys that some span, resource or scope has, and all canonical names.
    func names() async throws -> KnownNames

    func status() async throws -> StoreStatus
}

extension Store {
    package func slices(_ query: SliceQuery) async throws -> SliceAnswer {
        try await slices(query, effort: .prompt)
    }

    package func compare(_ query: CompareQuery) async throws -> CompareAnswer {
        try await compare(query, effort: .prompt)
    }
}

/// What became of a batch.
package struct AppendReport: Sendable, Equatable {
    /// Spans that were there already.
    package var duplicates: Int

    package init(duplicates: Int) { self.duplicates = duplicates }
}

/// Why a query has no answer.
package enum QueryError: Error, Sendable, Equatable {
    /// It took longer than it may.
    case timeout(seconds: Int)
    /// Its own memory would exceed what a query may take: of what, and what would make it less.
    case tooLarge(bytesMax: Int, what: String, advice: String)
    /// The two cohorts of a comparison share so many units.
    case overlappingCohorts(units: Int)
    /// A regular expression is malformed.
    case pattern(RegexError, of: String)
    /// A range has more steps than `StepGrid.countMax`. The suggestion is a step in nanoseconds.
    case tooManySteps(count: Int, suggestion: Int64)
}

/// How much is kept, for `/v1/status`.
package struct StoreStatus: Sendable {
    package struct Partition: Sendable {
        package var name: String
        package var spans: Int
        package var segments: Int
        package var bytes: Int

        package init(name: String, spans: Int, segments: Int, bytes: Int) {
            self.name = name
            self.spans = spans
            self.segments = segments
            self.bytes = bytes
        }
    }

    package var spans = 0
    package var traces = 0
    package var scores = 0
    package var oldest: Int64?
    package var newest: Int64?
    package var partitions: [Partition] = []
    /// Small segments and their spans that wait to be merged.
    package var backlogSegments = 0
    package var backlogSpans = 0
    /// Of merged segments whose values are not counted yet.
    package var uncountedSpans = 0
    /// Traces that lie in several segments.
    package var straddlingTraces = 0
    /// Spans that wait for their commit.
    package var queuedSpans = 0
    package var warmBytes = 0
    package var ledger = LedgerCounts()

    package init() {}
}
