internal import Dispatch
internal import Foundation
package import Prices
package import Spans
package import Store

/// The store that keeps spans in SQLite files of this machine, one a day.
package final class EmbeddedStore: Store {
    /// How a store behaves; every figure can be set by the operator (docs/OPERATIONS.md).
    package struct Settings: Sendable {
        /// Where the files lie.
        package var directory: String
        /// Partitions are unlinked once all of their day is older than this; nil keeps everything.
        package var retainSeconds: Int?
        /// The oldest partitions are unlinked while all files take more, but never the newest; nil keeps everything.
        package var retainBytes: Int?
        /// Decoded columns kept in memory.
        package var warmBytesMax = 256 << 20
        /// Queries that take longer are stopped.
        package var querySecondsMax = 30
        /// What a query may take for itself, warm columns apart.
        package var queryBytesMax = 256 << 20
        /// What model calls cost whose spans do not say; nil leaves them unpriced.
        package var prices: PriceTable?
        /// Off only in tests that look at what lies unmerged.
        package var merges = true
        /// The values of smaller segments are not counted: all rows are looked at as fast as counts are read.
        package var countedSpansMin = 4096

        package init(directory: String) { self.directory = directory }
    }

    private let engine: Engine
    private let commits: GroupCommit
    private let pace: MergePace
    private let upkeep: Upkeep
    private let settings: Settings
    private let retention: Retention
    /// Scans block their thread, so they stay off the cooperative pool.
    private let queries = DispatchQueue(
        label: "everyspan.queries", qos: .userInitiated, attributes: .concurrent)

    /// Opens a data directory, made if missing; what is there is queryable on return.
    ///
    /// - Parameter log: is told in one line what an operator should know.
    /// - Throws: `StoreError` if another process uses the directory or it cannot be read.
    package init(
        _ settings: Settings, now: @escaping @Sendable () -> UInt64 = Timestamp.now,
        log: @escaping @Sendable (String) -> Void
    ) throws {
        self.settings = settings
        retention = Retention(seconds: settings.retainSeconds, bytesMax: settings.retainBytes)
        let directory = try PartitionDirectory(path: settings.directory, log: log)
        let engine = try Engine(
            directory, warmBytesMax: settings.warmBytesMax, prices: settings.prices,
            now: now)
        self.engine = engine
        var policy = MergePolicy()
        policy.isEnabled = settings.merges
        policy.countedSpansMin = settings.countedSpansMin
        let upkeep = Upkeep(engine, policy, retention)
        self.upkeep = upkeep
        let pace = MergePace(spansMax: policy.backlogSpansMax) {
            upkeep.isMerging ? engine.snapshot.smallSpans : nil
        }
        self.pace = pace
        commits = GroupCommit {
            pace.wait()
            return try engine.commit($0, $1, $2)
        }
        upkeep.start()
    }

    /// Finishes what was accepted, then closes the files.
    package func close() throws {
        pace.stop()
        commits.close()
        upkeep.stop()
        try engine.close()
    }

    /// Merges until nothing is left to merge.
    package func mergeAll() throws { while try upkeep.step(ignoringIdle: true) {} }

    // MARK: Ingest

    package func append(_ batch: SpanBatch, receivedAt: UInt64) async throws -> AppendReport {
        if batch.count == 0 {
            try await count(batch.ledger)
            return AppendReport(duplicates: 0)
        }
        return AppendReport(duplicates: try await commits.append(batch, receivedAt: receivedAt))
    }

    package var oldestStartKept: UInt64 {
        retention.oldestDay(now: engine.now()).map { UInt64($0) * Day.nanoseconds } ?? 0
    }

    package func append(_ logs: [LogRecord], receivedAt: UInt64) async throws {
        if logs.isEmpty { return }
        let engine = engine
        try await onQueue { try engine.append(logs, receivedAt) }
    }

    package func append(_ scores: [Score], receivedAt: UInt64) async throws -> Int {
        if scores.isEmpty { return 0 }
        let book = engine.scores
        return try await onQueue { try book.append(scores, receivedAt: receivedAt) }
    }

    package func count(_ ledger: Ledger) async throws {
        if ledger.isEmpty { return }
        let engine = engine
        try await onQueue { try engine.count(ledger) }
    }

    package var ledger: LedgerCounts { engine.ledger }

    package func ledgerLines() async throws -> LedgerAnswer {
        let engine = engine
        return try await onQueue { try engine.ledgerLines() }
    }

    package var owners: OwnerSources { .standard }

    package var contentVersion: String {
        "\(engine.snapshot.contentVersion) \(engine.scores.version)"
    }

    package func explain(
        _ batch: SpanBatch, reserved: [String]
    ) async throws -> [SpanExplanation] {
        try await scan { try SpanExplainer(batch, reserved: reserved, $1).explanations() }
    }

    // MARK: Queries

    package func slices(
        _ query: SliceQuery, effort: QueryEffort
    ) async throws -> SliceAnswer {
        // What nobody waits for need not be quick the next time.
        try await scan(hot: effort == .prompt ? engine.hot : nil, effort: effort) {
            try Scanner.slices(query, $0, $1)
        }
    }

    package func compare(
        _ query: CompareQuery, effort: QueryEffort
    ) async throws -> CompareAnswer {
        try await scan(effort: effort) { try CompareSearch(query, $0, $1).answer() }
    }

    package func list(_ query: ListQuery) async throws -> ListAnswer {
        try await scan { try ListSearch(query, $0, $1).answer() }
    }

    package func dimensions(_ query: DimensionsQuery) async throws -> DimensionsAnswer {
        try await scan { try DimensionList(query, $0, $1).answer() }
    }

    package func tail(_ query: TailQuery) -> any Tail {
        EmbeddedTail(engine.tails) { [self] views, skipped in
            try await scan { try TailReader(query, $0, $1).page(views, skipped: skipped) }
        }
    }

    package func traceIDs(prefix: String, limit: Int) async throws -> [[UInt8]] {
        try await scan { try TraceReader($0, $1).ids(prefix: prefix, limit: limit) }
    }

    package func trace(_ id: [UInt8]) async throws -> SpanRows? {
        let rows = try await scan { try TraceReader($0, $1).rows(of: [id]) }
        return rows.batch.count == 0 ? nil : rows
    }

    package func scores(of trace: SpanRows, id: [UInt8]) async throws -> [Score] {
        let book = engine.scores
        if book.isEmpty { return [] }
        return try await onQueue {
            try book.scores(of: id, responses: ResponseIDs.all(in: trace.batch))
        }
    }

    package func names() async throws -> KnownNames {
        try await scan { $0.names(with: $1) }
    }

    package func status() async throws -> StoreStatus {
        let engine = engine
        let commits = commits
        let spansMin = settings.countedSpansMin
        return try await onQueue {
            var status = try engine.status()
            status.uncountedSpans = engine.uncountedSpans(spansMin: spansMin)
            status.queuedSpans = commits.waitingSpans
            return status
        }
    }

    // MARK: Findings

    package func findings(_ query: FindingsQuery) async throws -> [StandingFinding] {
        let engine = engine
        return try await onQueue { try engine.findings(query) }
    }

    package func save(_ findings: [StandingFinding], removing ids: [String]) async throws {
        let engine = engine
        try await onQueue { try engine.save(findings, removing: ids) }
    }

    package func setTold(_ count: Int, of id: String) async throws {
        let engine = engine
        try await onQueue { try engine.setTold(count, of: id) }
    }

    // MARK: Threads

    private func scan<T: Sendable>(
        hot: HotFields? = nil, effort: QueryEffort = .prompt,
        _ body: @escaping @Sendable (Snapshot, ScanControl) throws -> T
    ) async throws -> T {
        let engine = engine
        var seconds = settings.querySecondsMax
        if case .background(let secondsMax) = effort { seconds = secondsMax }
        let control = ScanControl(
            seconds: seconds, bytesMax: settings.queryBytesMax, spare: engine.warm,
            scores: ScoreSnapshot(engine.scores),
            prices: settings.prices, hot: hot)
        return try await withTaskCancellationHandler {
            if effort == .prompt {
                return try await onQueue { try engine.answer { try body($0, control) } }
            }
            // What follows from damage that is found on the way is done by the thread that waits: commits wait for it.
            return try await BackgroundWork.run {
                try engine.answer { asked in
                    try BackgroundWork.compute { try body(asked, control) }
                }
            }
        } onCancel: {
            control.cancel()
        }
    }

    private func onQueue<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { answer in
            queries.async { answer.resume(with: Result { try body() }) }
        }
    }
}
