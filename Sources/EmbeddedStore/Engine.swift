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
    /// Damaged findings that the log names already.
    private let reportedFindings = Mutex<Set<String>>([])
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
        try Self.adoptAll(in: directory, &writer)
        writer.snapshot.parts.keep(only: writer.snapshot.views)
        published = Mutex(writer.snapshot.withOwnFrames)
        counted = Mutex(try Self.counted(in: directory))
        self.writer = Mutex(writer)
        lastCommit = Mutex(.now)
    }

    private static func adoptAll(
        in directory: PartitionDirectory, _ writer: inout CommitWriter
    ) throws {
        let known = try directory.catalog.knownPartitions()
        var lost = Ledger()
        var distrusted: [Partition] = []
        for partition in try directory.openAll() {
            do {
                let isTrusted = try writer.adopt(partition)
                let isKnown = known[partition.name] == partition.fileIdentity
                if !isTrusted || !isKnown || !partition.hadMark || partition.lostCommits > 0 {
                    distrusted.append(partition)
                }
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                _ = writer.setAside(partition, reason)
            }
            if partition.lostCommits > 0 {
                directory.report(
                    "the last \(partition.lostCommits) commits to \(partition.name) are missing: "
                        + "its log is damaged or gone")
                lost.count(.lostCommit, partition.lostCommits)
            }
        }
        try writer.finishAdopting(distrusted: distrusted)
        for partition in distrusted { partition.addMark() }
        if !lost.isEmpty { try directory.catalog.add(lost, at: Timestamp.now()) }
        let now = Dictionary(
            uniqueKeysWithValues: directory.all.map { ($0.name, $0.fileIdentity) })
        if now != known { try directory.catalog.setKnownPartitions(now) }
    }

    var snapshot: Snapshot { published.withLock { $0 } }
    var partitions: [Partition] { directory.all }
    var ledger: LedgerCounts {
        var ledger = counted.withLock { $0 }
        ledger.add(directory.damage)
        return ledger
    }
    var secondsSinceCommit: Double { lastCommit.withLock { $0 }.duration(to: .now) / .seconds(1) }

    func report(_ message: String) { directory.report(message) }

    func findings(_ query: FindingsQuery) throws -> [StandingFinding] {
        let (findings, unreadable) = try directory.catalog.findings(query)
        let new = reportedFindings.withLock { reported in
            let new = Set(unreadable).subtracting(reported)
            reported.formUnion(new)
            return new
        }
        for id in new.sorted() {
            directory.report("finding \(id) of the catalog is damaged and left out")
        }
        return findings
    }

    func setTold(_ count: Int, of id: String) throws {
        try directory.catalog.setTold(count, of: id)
    }

    func save(_ findings: [StandingFinding], removing ids: [String]) throws {
        try directory.catalog.save(findings, removing: ids)
    }

    func commit(_ batch: SpanBatch, _ requestEnds: [Int], _ receivedAt: UInt64) throws -> [Int] {
        defer { lastCommit.withLock { $0 = .now } }
        return try writer.withLock { writer in
            let before = writer.snapshot.small
            // A share that was written before another failed must be seen too.
            defer {
                publish(writer.snapshot)
                // Damage found on the way takes others out, so their number does not tell which are new.
                let known = Set(before.map { ObjectIdentifier($0.segment) })
                tails.offer(
                    writer.snapshot.small.filter { !known.contains(ObjectIdentifier($0.segment)) })
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
            // Even if it fails: what has turned out damaged on the way is to be seen by no query.
            defer { publish(writer.snapshot) }
            let current = Dictionary(
                uniqueKeysWithValues: writer.snapshot.views.map {
                    (ObjectIdentifier($0.segment), $0.deleted)
                })
            // One that was set aside meanwhile is not to come back, nor are copies that its deletions hid.
            guard sources.allSatisfy({ current.keys.contains(ObjectIdentifier($0.segment)) }) else {
                throw MergeOvertaken()
            }
            let now = sources.map { current[ObjectIdentifier($0.segment)] ?? nil }
            let late = merge?.lateDeletions(before: sources.map(\.deleted), now: now)
            try writer.aroundDamage { writer in
                try writer.swap(
                    sources.map(\.segment), in: partition, merged.map { [($0, late)] } ?? [])
            }
        }
    }

    /// Removes copies of one segment's spans that lie in several partitions, once all is merged: commits wait meanwhile, so no more at once.
    ///
    /// - Returns: whether there may be more.
    func removeCopies() throws -> Bool {
        try writer.withLock { writer in
            // Publishing makes queries divide the snapshot anew, so only what has changed is published.
            let before = writer.snapshot.contentVersion
            defer {
                if writer.snapshot.contentVersion != before { publish(writer.snapshot) }
                let new = writer.takeCounted()
                counted.withLock { $0.add(new) }
            }
            return try writer.aroundDamage { try $0.removeCopies() }
        }
    }

    /// A large segment that has no counts, or counts of another mapping.
    ///
    /// - Parameters:
    ///   - spansMin: smaller ones are left alone.
    ///   - isWanted: whether a partition's segments may be counted now.
    func nextUncounted(spansMin: Int, _ isWanted: (Partition) -> Bool) -> SegmentView? {
        snapshot.large.first {
            $0.liveSpans >= spansMin && isWanted($0.segment.partition)
                && SegmentCounts(of: $0.segment) == nil
        }
    }

    /// Counts the units of a segment and stores that.
    ///
    /// - Throws: `DamagedSegment` if it cannot be read.
    func count(_ view: SegmentView) throws {
        let segment = view.segment
        let skipped = try snapshot.parts.large(view)?.skipped ?? []
        let apart = skipped.indices.filter { skipped[$0] }.map { UInt32($0) }
        do {
            let counts = try CountsMaking(segment, apart: apart).sealed()
            try segment.partition.save(counts, of: segment.id)
            segment.setCounts(try segment.partition.countRecords(of: segment.id))
        } catch let damage as DamagedSegment {
            // It was read through an object of its own, which nobody else knows.
            throw DamagedSegment(
                segment: segment, reason: damage.reason, isOfFile: damage.isOfFile)
        }
    }

    /// A partition that many segments have come to since its filter was made, and those that a new one is to know.
    ///
    /// - Parameters:
    ///   - segmentsMin: partitions of fewer have none.
    ///   - idle: no commit came for a while.
    ///   - isWanted: whether a partition's may be made now.
    func partitionToFilter(
        segmentsMin: Int, idle: Bool, _ isWanted: (Partition) -> Bool
    ) -> (partition: Partition, segments: [Segment])? {
        let filtered = snapshot.large.map(\.segment).filter { $0.record.filter != nil }
        let byPartition = Dictionary(grouping: filtered) { ObjectIdentifier($0.partition) }
        return partitions.lazy.filter(isWanted).map { partition in
            (partition, byPartition[ObjectIdentifier(partition)] ?? [])
        }.first { partition, segments in
            PartitionFilter.isDue(
                partition.filter, segments, segmentsMin: segmentsMin, idle: idle)
        }
    }

    /// Spans of merged segments whose values are still to be counted.
    ///
    /// - Parameter spansMin: smaller segments are left alone.
    func uncountedSpans(spansMin: Int) -> Int {
        snapshot.large.reduce(0) { sum, view in
            view.liveSpans >= spansMin && SegmentCounts(of: view.segment) == nil
                ? sum + view.liveSpans : sum
        }
    }

    /// What all files take that are in use.
    var byteCount: Int { directory.byteCount }

    /// Removes a partition and its files, and counts its spans as dropped.
    ///
    /// - Parameter reason: for the log.
    func drop(_ partition: Partition, _ reason: String) throws {
        let spans = try writer.withLock { writer in
            let spans = writer.snapshot.views.reduce(0) {
                $1.segment.partition === partition ? $0 + $1.liveSpans : $0
            }
            writer.drop(partition)
            publish(writer.snapshot)
            try directory.remove(partition)
            var dropped = Ledger()
            dropped.count(.droppedByRetention, spans)
            if !dropped.isEmpty { try directory.catalog.add(dropped, at: now()) }
            let left = try Self.counted(in: directory)
            counted.withLock { $0 = left }
            return spans
        }
        report("removed \(partition.name) with \(spans) spans: \(reason)")
    }

    func count(_ ledger: Ledger) throws {
        if ledger.isEmpty { return }
        try directory.catalog.add(ledger, at: now())
        counted.withLock { $0.add(ledger.totals) }
    }

    /// What all files have counted, by line.
    func ledgerLines() throws -> LedgerAnswer {
        let snapshot = snapshot
        var answer = LedgerAnswer()
        answer.spans = snapshot.views.reduce(0) { $0 + $1.liveSpans }
        answer.oldest = snapshot.oldest
        answer.newest = snapshot.newest
        var sums = LedgerMerge()
        sums.add(try directory.catalog.ledgerEntries())
        for partition in directory.all {
            do {
                sums.add(try partition.ledgerEntries())
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                directory.report("the ledger of \(partition.name) cannot be read: \(reason)")
            }
        }
        for (reason, count) in directory.damage.counts {
            sums.add([LedgerEntry(LedgerLine(reason), count: count, first: nil, last: nil)])
        }
        answer.entries = sums.entries
        return answer
    }

    private static func counted(in directory: PartitionDirectory) throws -> LedgerCounts {
        var ledger = try directory.catalog.ledger()
        for partition in directory.all {
            do {
                ledger.add(try partition.ledger())
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                directory.report("the ledger of \(partition.name) cannot be read: \(reason)")
            }
        }
        return ledger
    }

    // MARK: Damage

    /// Answers a question. A segment that turns out damaged on the way is set aside, and the question is asked anew: the
    /// answer's coverage says that something is missing.
    func answer<T>(_ body: (Snapshot) throws -> T) throws -> T {
        var doubted: [ObjectIdentifier] = []
        var hasReopened = false
        while true {
            let asked = snapshot
            do {
                return try body(asked)
            } catch let damage as DamagedSegment {
                let segment = ObjectIdentifier(damage.segment)
                func isIn(_ snapshot: Snapshot) -> Bool {
                    snapshot.views.contains { ObjectIdentifier($0.segment) == segment }
                }
                guard isIn(asked) else { throw damage }
                if !doubted.contains(segment), !damage.isConfirmed {
                    doubted.append(segment)
                    continue
                }
                setAside(damage)
                // Else nothing has changed, and asking again would end the same way.
                guard !isIn(snapshot) else { throw damage }
            } catch let damage as DamagedCounts {
                // Its rows answer; upkeep counts them anew.
                damage.segment.forgetCounts(damage.number)
                report("\(damage): they are made anew")
            } catch  where Damage.isOfDevice(error) && !hasReopened {
                // If somebody has removed a file's log while it is open, connections that come later cannot read. Closing
                // the one that writes puts the log's content into the file.
                hasReopened = true
                for partition in partitions { try? partition.reopen() }
            }
        }
    }

    /// Shows what is damaged to no query any more.
    ///
    /// - Returns: false if it was not shown.
    @discardableResult
    func setAside(_ damage: DamagedSegment) -> Bool {
        writer.withLock { writer in
            // The writer may have set it aside already, and queries not have been told.
            defer { publish(writer.snapshot) }
            return writer.setAside(damage)
        }
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
        status.backlogSpans = snapshot.smallSpans
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

/// A source of a merge was set aside before the merge was done: it is to be done again without it.
struct MergeOvertaken: Error, CustomStringConvertible {
    var description: String { "a segment that was being merged has been set aside" }
}

/// Adds up what several files have counted.
private struct LedgerMerge {
    private struct Place: Hashable {
        let line: LedgerLine
        let isOther: Bool
    }

    private(set) var entries: [LedgerEntry] = []
    private var places: [Place: Int] = [:]

    mutating func add(_ others: [LedgerEntry]) {
        for entry in others {
            let place = Place(line: entry.line, isOther: entry.isOther)
            if let known = places[place] {
                entries[known].add(entry)
            } else {
                places[place] = entries.count
                entries.append(entry)
            }
        }
    }
}
