internal import Foundation
internal import Prices
internal import Spans
internal import Store
internal import Synchronization

/// The moving parts of the store, shared by commits, upkeep and queries: who writes, and what a query
/// sees.
final class Engine: Sendable {
    private let directory: PartitionDirectory
    /// Held for a whole commit or swap, disk included: there is one writer, by design.
    private let writer: Mutex<CommitWriter>
    /// What queries see; replaced after each commit. Never held across I/O.
    private let published: Mutex<Snapshot>
    /// What all files have counted, so that answers need not read them.
    private let counted: Mutex<LedgerCounts>
    private let lastCommit: Mutex<ContinuousClock.Instant>
    let warm: WarmColumns
    let scores: ScoreBook
    let tails = TailHub()
    let hot = HotFields()
    private let prices: PriceTable?
    /// Unix nanoseconds.
    let now: @Sendable () -> UInt64

    init(
        _ directory: PartitionDirectory, warmBytesMax: Int, prices: PriceTable? = nil,
        now: @escaping @Sendable () -> UInt64
    ) throws {
        self.prices = prices
        self.directory = directory
        self.now = now
        warm = WarmColumns(bytesMax: warmBytesMax)
        scores = try ScoreBook(directory.catalog)
        var writer = CommitWriter(directory, warm)
        let (partitions, damaged) = try directory.openAll()
        var ledger = LedgerCounts()
        ledger.count(.damagedSegment, damaged)
        for partition in partitions { ledger.add(try writer.adopt(partition)) }
        try writer.finishAdopting()
        if !ledger.isEmpty { try directory.catalog.add(ledger) }
        writer.snapshot.parts.keep(only: writer.snapshot.views)
        published = Mutex(writer.snapshot.withOwnFrames)
        counted = Mutex(try Self.counted(in: directory))
        self.writer = Mutex(writer)
        lastCommit = Mutex(.now)
    }

    var snapshot: Snapshot { published.withLock { $0 } }
    var partitions: [Partition] { directory.all }
    var ledger: LedgerCounts { counted.withLock { $0 } }
    var secondsSinceCommit: Double { lastCommit.withLock { $0 }.duration(to: .now) / .seconds(1) }

    func report(_ message: String) { directory.report(message) }

    func commit(_ batch: SpanBatch, _ requestEnds: [Int], _ receivedAt: UInt64) throws -> [Int] {
        defer { lastCommit.withLock { $0 = .now } }
        return try writer.withLock { writer in
            let known = writer.snapshot.small.count
            // A share that was written before another failed must be seen too.
            defer {
                publish(writer.snapshot)
                tails.offer(writer.snapshot.small.dropFirst(known))
                let new = writer.takeCounted()
                counted.withLock { $0.add(new) }
            }
            return try writer.commit(batch, requestEnds: requestEnds, receivedAt: receivedAt)
        }
    }

    /// Puts a merged segment, already written, in the place of its sources.
    ///
    /// - Parameters: the merge and what was stored of it; nil if no row of the sources was left.
    func swap(_ sources: [SegmentView], _ merge: Merge?, _ stored: SegmentRecord?) throws {
        guard let partition = sources.first?.segment.partition else { return }
        let merged = try stored.map { try Segment($0, partition, warm) }
        // Not needed for anything but speed: what cannot be read now is found out by whoever asks.
        if let merged { try? hot.warm(merged, prices) }
        try writer.withLock { writer in
            let current = Dictionary(
                uniqueKeysWithValues: writer.snapshot.views.map {
                    (ObjectIdentifier($0.segment), $0.deleted)
                })
            let now = sources.map { current[ObjectIdentifier($0.segment)] ?? nil }
            let late = merge?.lateDeletions(before: sources.map(\.deleted), now: now)
            try writer.swap(
                sources.map(\.segment), in: partition, merged.map { [($0, late)] } ?? [])
            publish(writer.snapshot)
        }
    }

    /// Removes copies of spans that lie in several partitions, once all is merged.
    ///
    /// - Returns: whether there were any.
    func removeCopies() throws -> Bool {
        try writer.withLock { writer in
            // Publishing makes queries divide the snapshot anew, so only what has changed is published.
            guard try writer.removeCopies() else { return false }
            publish(writer.snapshot)
            let new = writer.takeCounted()
            counted.withLock { $0.add(new) }
            return true
        }
    }

    /// Removes a partition and its files.
    func drop(_ partition: Partition) throws {
        try writer.withLock { writer in
            writer.drop(partition)
            publish(writer.snapshot)
            try directory.remove(partition)
            let left = try Self.counted(in: directory)
            counted.withLock { $0 = left }
        }
        report("removed \(partition.name): older than what is retained")
    }

    func count(_ ledger: LedgerCounts) throws {
        if ledger.isEmpty { return }
        try directory.catalog.add(ledger)
        counted.withLock { $0.add(ledger) }
    }

    private static func counted(in directory: PartitionDirectory) throws -> LedgerCounts {
        var ledger = try directory.catalog.ledger()
        for partition in directory.all { ledger.add(try partition.ledger()) }
        return ledger
    }

    /// Keeps log records in the partition of the day they were received.
    func append(_ logs: [LogRecord], _ receivedAt: UInt64) throws {
        try directory.partition(day: Day.of(receivedAt)).append(logs, receivedAt)
    }

    func status() throws -> StoreStatus {
        let snapshot = snapshot
        var status = StoreStatus()
        var parts: [String: StoreStatus.Partition] = [:]
        for view in snapshot.views {
            let name = view.segment.partition.name
            var part =
                parts[name] ?? StoreStatus.Partition(name: name, spans: 0, segments: 0, bytes: 0)
            part.spans += view.liveSpans
            part.segments += 1
            parts[name] = part
            status.spans += view.liveSpans
            status.straddlingTraces += view.shared.count
        }
        for partition in partitions { parts[partition.name]?.bytes = partition.byteCount() }
        status.partitions = parts.values.sorted { $0.name < $1.name }
        status.oldest = snapshot.oldest
        status.newest = snapshot.newest
        status.backlogSegments = snapshot.small.count
        status.backlogSpans = snapshot.small.reduce(0) { $0 + $1.liveSpans }
        status.traces = TraceCount.of(snapshot)
        status.scores = scores.count
        status.warmBytes = warm.byteCount
        status.ledger = ledger
        return status
    }

    func closeIdleFiles() { directory.openFiles.closeIdle() }

    func close() throws { try directory.close() }

    private func publish(_ snapshot: Snapshot) {
        let shown = snapshot.withOwnFrames
        shown.parts.keep(only: shown.views)
        published.withLock { $0 = shown }
    }
}
