internal import Spans

/// The one writer: decides what each new span replaces, writes segments, and keeps the snapshot.
///
/// All of it runs under one lock, one group commit or one swap of a merge at a time, so that no two
/// copies of a span can slip past each other.
struct CommitWriter {
    private let directory: PartitionDirectory
    private let warm: WarmColumns
    private(set) var snapshot = Snapshot()
    private var unmerged = UnmergedSpans()
    private var groups = SmallGroups()
    private var lookup: LargeSegmentLookup
    /// Written with commits since it was last taken.
    private var counted = LedgerCounts()

    init(_ directory: PartitionDirectory, _ warm: WarmColumns) {
        self.directory = directory
        self.warm = warm
        snapshot.parts = LooseParts(warm)
        lookup = LargeSegmentLookup(bytesMax: 48 << 20)
    }

    // MARK: Starting

    /// Takes up the segments of a partition that is there already; those that are damaged are set aside.
    ///
    /// - Returns: whether its marks of shared traces can be trusted.
    mutating func adopt(_ partition: Partition) throws -> Bool {
        var isTrusted = partition.hasSoundMarks()
        let shared = isTrusted ? try partition.sharedTraces() : [:]
        let (sound, damaged) = try partition.segments()
        for (id, reason) in damaged { setAside(id, of: partition, reason) }
        partition.loadFilter()
        for record in sound {
            do {
                let segment = try Segment(record, partition, warm)
                let view = SegmentView(
                    segment: segment, deleted: record.deletions, shared: shared[record.id] ?? [])
                if record.isPacked {
                    try adoptSmall(view)
                } else {
                    snapshot.large.append(view)
                }
                // Only large segments have marks, of traces that they have.
                let isPlausible =
                    record.filter.map { view.shared.allSatisfy($0.contains) } ?? view.shared.isEmpty
                if !isPlausible { isTrusted = false }
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                setAside(record.id, of: partition, reason)
            }
        }
        return isTrusted
    }

    private mutating func adoptSmall(_ view: SegmentView) throws {
        let identities = try Identities(view.segment.data { Identities.columns.contains($0) })
        unmerged.adopt(view.segment, identities, deleted: view.deleted)
        var view = view
        view.traces = TraceHasher(identities).all
        view.group = groups.next(spans: view.segment.record.spans)
        snapshot.small.append(view)
    }

    /// Once all partitions are there: which traces of large segments have spans elsewhere.
    ///
    /// - Parameter distrusted: partitions whose marks may lack some. They were not here while others were merged, or
    ///   their marks are damaged.
    mutating func finishAdopting(distrusted: [Partition]) throws {
        let isDistrusted = Set(distrusted.map(ObjectIdentifier.init))
        try aroundDamage { writer in
            try writer.markSharedAnew { isDistrusted.contains(ObjectIdentifier($0.partition)) }
            try writer.markSharedBySmall()
        }
    }

    private mutating func markSharedAnew(_ isDistrusted: (Segment) -> Bool) throws {
        var marks = SharedMarks()
        for view in snapshot.large where isDistrusted(view.segment) {
            var asked = AskedTraces(try lookup.table(of: view.segment).allHashes)
            for other in snapshot.large where other.segment !== view.segment {
                for place in try lookup.places(of: &asked, in: other.segment) {
                    marks.insert(asked.hashes[place], view.segment)
                    marks.insert(asked.hashes[place], other.segment)
                }
            }
        }
        try save(marks)
        for (hash, segment) in marks.all { snapshot.update(segment) { $0.shared.insert(hash) } }
    }

    private mutating func markSharedBySmall() throws {
        for view in snapshot.small {
            if let identities = unmerged.identities(of: view.segment) {
                var asked = AskedTraces(TraceHasher(identities).all)
                try markShared(&asked)
            }
        }
    }

    // MARK: Committing

    /// Writes a group of requests' spans, synced.
    ///
    /// - Parameter requestEnds: where each request's spans end in `batch`.
    /// - Returns: for each request how many of its spans were there already.
    mutating func commit(
        _ batch: SpanBatch, requestEnds: [Int], receivedAt: UInt64
    ) throws -> [Int] {
        var duplicates = [Int](repeating: 0, count: requestEnds.count)
        let owners = BatchOwners(batch, .standard)
        var shares = try BatchSplit.split(batch, receivedAt: receivedAt, owners: owners)
        if !shares.isEmpty { shares[0].ledger.add(batch.ledger) }
        for index in shares.indices {
            let copies = try aroundDamage { writer in
                try writer.commit(shares[index], receivedAt, owners)
            }
            for row in copies {
                let origin = shares[index].origins[row]
                let request = requestEnds.firstIndex { origin < $0 } ?? requestEnds.count - 1
                duplicates[request] += 1
            }
        }
        if shares.isEmpty, !batch.ledger.isEmpty {
            try directory.catalog.add(batch.ledger, at: receivedAt)
            counted.add(batch.ledger.totals)
        }
        shares.removeAll()
        return duplicates
    }

    /// What commits have counted since the last time.
    mutating func takeCounted() -> LedgerCounts {
        defer { counted = LedgerCounts() }
        return counted
    }

    /// - Returns: the rows of the share of which there was a copy.
    private mutating func commit(
        _ share: PartitionShare, _ receivedAt: UInt64, _ owners: BatchOwners
    ) throws -> [Int] {
        let partition = try directory.partition(day: share.day)
        let identities = try Identities(share.data)
        let hashes = TraceHasher(identities).all
        var asked = AskedTraces(hashes)
        var deletions = Deletions()
        var own = RowSet(rowCount: identities.count)
        var contents = CopyContents(share.data)
        var copies: [Int] = []
        unmerged.add(
            identities, hashes, to: partition, &contents, &deletions, &own
        ) { copies.append($0) }
        do {
            try lookUpLarge(
                identities, &asked, partition, &contents, &deletions, &own
            ) { copies.append($0) }
            var ledger = share.ledger
            owners.count(.duplicateSpan, copies.map { share.origins[$0] }, in: &ledger)
            try markShared(&asked)
            let segment = try write(
                share.data, receivedAt, partition, deletions, own, ledger)
            counted.add(ledger.totals)
            publish(segment, identities, hashes, own, deletions)
        } catch {
            unmerged.rebuild(snapshot.small)
            throw error
        }
        return copies
    }

    /// Finds copies among the large segments of the same partition.
    private mutating func lookUpLarge(
        _ identities: Identities, _ asked: inout AskedTraces, _ partition: Partition,
        _ contents: inout CopyContents, _ deletions: inout Deletions, _ own: inout RowSet,
        _ isDuplicate: (Int) -> Void
    ) throws {
        let candidates = snapshot.large.filter { $0.segment.partition === partition }
        if candidates.isEmpty { return }
        for view in candidates {
            let found = try lookup.places(of: &asked, in: view.segment)
            if found.isEmpty { continue }
            let traces = Set(found.map(UInt32.init))
            let index = try lookup.identities(of: view.segment)
            for row in 0..<identities.count
            where traces.contains(identities.traceCodes[row]) && !own.contains(row) {
                let traceHash = asked.hashes[Int(identities.traceCodes[row])]
                guard let trace = try lookup.trace(traceHash, in: view.segment) else { continue }
                for other in index.rows(of: trace)
                where view.deleted?.contains(other) != true
                    && identities.isSame(row, as: index.identities, other)
                {
                    isDuplicate(row)
                    if try Identities.laterReplaces(
                        earlierEnd: index.identities.ends[other], laterEnd: identities.ends[row],
                        differs: {
                            contents.hash(row) != (try lookup.contents(of: view.segment))[other]
                        })
                    {
                        deletions.insert(other, in: view.segment)
                    } else {
                        own.insert(row)
                    }
                    break
                }
            }
        }
    }

    /// Deletes all but one of the copies of spans that one large segment has and other partitions too, once all is merged. Segments that
    /// were looked at have no more of them until there are others.
    ///
    /// - Returns: whether one was looked at.
    mutating func removeCopies() throws -> Bool {
        guard snapshot.small.isEmpty else { return false }
        let others = snapshot.large.indices.filter { !snapshot.large[$0].isFreeOfCopies }
        guard let index = others.first(where: { !snapshot.large[$0].shared.isEmpty }) else {
            for index in others { snapshot.large[index].isFreeOfCopies = true }
            return false
        }
        let view = snapshot.large[index]
        let deletions = try CopySearch.losers(of: view, among: snapshot.large, &lookup)
        for (segment, rows) in deletions.bySegment {
            let ledger = try Self.ledger(ofCopies: rows, in: segment)
            _ = try segment.partition.commit(
                nil, deletions: [segment.id: deleted(rows, in: segment)], ledger: ledger,
                at: Timestamp.now())
            counted.add(ledger.totals)
            show(rows, deletedIn: segment)
            // One by one: the next may fail.
            snapshot.contentVersion += 1
        }
        snapshot.update(view.segment) { $0.isFreeOfCopies = true }
        return true
    }

    /// Rows of a segment that are read at once to say whose they are.
    private static let rowsReadMax = 4096

    private static func ledger(ofCopies rows: [Int], in segment: Segment) throws -> Ledger {
        var ledger = Ledger()
        for start in stride(from: 0, to: rows.count, by: rowsReadMax) {
            var collector = RowCollector()
            try collector.append(Array(rows[start...].prefix(rowsReadMax)), of: segment)
            let batch = collector.batch
            BatchOwners(batch, .standard).count(
                .duplicateSpan, Array(0..<batch.count), in: &ledger)
        }
        return ledger
    }

    /// All rows of a segment that are deleted, with these.
    private func deleted(_ rows: some Sequence<Int>, in segment: Segment) -> RowSet {
        var deleted =
            snapshot.views.first { $0.segment === segment }?.deleted
            ?? RowSet(rowCount: segment.record.spans)
        for row in rows { deleted.insert(row) }
        return deleted
    }

    private mutating func show(_ rows: some Sequence<Int>, deletedIn segment: Segment) {
        let all = deleted(rows, in: segment)
        snapshot.update(segment) { $0.deleted = all }
    }

    private func write(
        _ data: SegmentData, _ receivedAt: UInt64, _ partition: Partition, _ deletions: Deletions,
        _ own: RowSet, _ ledger: Ledger
    ) throws -> Segment? {
        var bitmaps: [Int64: RowSet] = [:]
        for (segment, rows) in deletions.bySegment {
            bitmaps[segment.id] = deleted(rows, in: segment)
        }
        guard own.count < data.spanCount else {
            _ = try partition.commit(nil, deletions: bitmaps, ledger: ledger, at: receivedAt)
            return nil
        }
        var data = data
        ParentRows.fold(&data)
        let received = clamped(receivedAt)...clamped(receivedAt)
        var record = SegmentRecord(data, received: received, isPacked: true)
        let packed = try PackedSegment.encode(data)
        record.rawBytes = packed.rawBytes
        let sealed = SealedSegment(record: record, body: packed.body)
        let id = try partition.commit(
            sealed, deletions: bitmaps, own: own.count > 0 ? own : nil, ledger: ledger,
            at: receivedAt)
        record.id = id ?? 0
        return try Segment(record, partition, warm, keys: Set(data.columns.keys))
    }

    /// Shows the commit to queries that start from now on.
    private mutating func publish(
        _ segment: Segment?, _ identities: Identities, _ hashes: [UInt64], _ own: RowSet,
        _ deletions: Deletions
    ) {
        for (segment, rows) in deletions.bySegment { show(rows, deletedIn: segment) }
        unmerged.register(segment, identities)
        if let segment {
            snapshot.small.append(
                SegmentView(
                    segment: segment, deleted: own.count > 0 ? own : nil, traces: hashes,
                    group: groups.next(spans: segment.record.spans)))
        }
        snapshot.contentVersion += 1
    }

    /// Marks the traces in every large segment that has spans of them.
    ///
    /// Marks against small segments need no place on disk: they are found again at the next start.
    private mutating func markShared(_ asked: inout AskedTraces) throws {
        for index in snapshot.large.indices {
            let segment = snapshot.large[index].segment
            for place in try lookup.places(of: &asked, in: segment)
            where snapshot.large[index].shared.insert(asked.hashes[place]).inserted {
                snapshot.large[index].unsavedShared.insert(asked.hashes[place])
            }
        }
    }

    // MARK: Merging

    /// Puts merged segments in the place of their sources.
    ///
    /// - Parameters:
    ///   - merged: the new segments, written but not yet visible.
    ///   - deletions: rows of theirs whose sources were deleted while the merge ran.
    mutating func swap(
        _ sources: [Segment], in partition: Partition,
        _ merged: [(segment: Segment, deleted: RowSet?)]
    ) throws {
        var isDone = false
        // Their objects go with a failure, and others may take their places in memory.
        defer { if !isDone { lookup.forget(merged.map(\.segment)) } }
        let isSource = Set(sources.map(ObjectIdentifier.init))
        let others = snapshot.large.filter { !isSource.contains(ObjectIdentifier($0.segment)) }
        var marks = SharedMarks()
        var views: [SegmentView] = []
        for (segment, deleted) in merged {
            var view = SegmentView(segment: segment, deleted: deleted)
            let mine = try lookup.table(of: segment)
            var asked = AskedTraces(mine.allHashes)
            for other in others {
                for place in try lookup.places(of: &asked, in: other.segment) {
                    view.shared.insert(asked.hashes[place])
                    marks.insert(asked.hashes[place], other.segment)
                }
            }
            for hashes in unmerged.traces(where: { !isSource.contains(ObjectIdentifier($0)) }) {
                for hash in hashes where mine.trace(hash) != nil { view.shared.insert(hash) }
            }
            for hash in view.shared { marks.insert(hash, segment) }
            views.append(view)
        }
        try save(marks)
        let deletions = Dictionary(
            uniqueKeysWithValues: merged.compactMap { entry in
                entry.deleted.map { (entry.segment.id, $0) }
            })
        try partition.swap(
            in: merged.map(\.segment.id), out: sources.map(\.id), deletions: deletions)
        unmerged.remove { isSource.contains(ObjectIdentifier($0)) }
        snapshot.small.removeAll { isSource.contains(ObjectIdentifier($0.segment)) }
        snapshot.large.removeAll { isSource.contains(ObjectIdentifier($0.segment)) }
        for (hash, segment) in marks.all {
            snapshot.update(segment) {
                $0.shared.insert(hash)
                $0.unsavedShared.remove(hash)
            }
        }
        snapshot.large += views
        lookup.forget(sources)
        isDone = true
    }

    /// Writes the marks before the swap: one too many costs a little time, one missing a wrong answer.
    private mutating func save(_ marks: SharedMarks) throws {
        for (segment, hashes) in marks.bySegment {
            let view = snapshot.large.first { $0.segment === segment }
            let saved = view.map { $0.shared.subtracting($0.unsavedShared) } ?? []
            let fresh = hashes.subtracting(saved)
            if fresh.isEmpty { continue }
            let ids = try lookup.traceIDs(fresh, in: segment)
            do {
                try segment.partition.share([segment.id: ids])
            } catch {
                // The next start finds the marks again.
                guard let reason = Damage.reason(error) else { throw error }
                directory.distrust(segment.partition.name)
                directory.report(
                    "cannot mark shared traces of \(segment.partition.name): \(reason)")
            }
        }
    }

    /// Forgets the segments of a partition that is removed.
    mutating func drop(_ partition: Partition) { forget { $0.partition === partition } }

    private mutating func forget(_ isGone: (Segment) -> Bool) {
        unmerged.remove(where: isGone)
        lookup.forget(snapshot.large.map(\.segment).filter(isGone))
        snapshot.small.removeAll { isGone($0.segment) }
        snapshot.large.removeAll { isGone($0.segment) }
        snapshot.contentVersion += 1
    }

    // MARK: Damage

    /// Runs something that reads segments and writes a partition. What turns out damaged on the way is set aside, and it
    /// begins anew: one damaged file must not keep spans from being taken.
    mutating func aroundDamage<T>(_ body: (inout CommitWriter) throws -> T) throws -> T {
        var doubted: [ObjectIdentifier] = []
        while true {
            do {
                return try body(&self)
            } catch let damage as DamagedSegment {
                // Memory and cables err too, so it is read once more.
                let segment = ObjectIdentifier(damage.segment)
                if !doubted.contains(segment), !damage.isConfirmed {
                    doubted.append(segment)
                    continue
                }
                guard setAside(damage) else { throw damage }
            } catch let damage as DamagedPartition {
                guard setAside(damage.partition, damage.reason) else { throw damage }
            }
        }
    }

    /// Shows what is damaged to no query any more; the file keeps it.
    ///
    /// - Returns: false if it was not shown.
    mutating func setAside(_ damage: DamagedSegment) -> Bool {
        let segment = damage.segment
        guard snapshot.views.contains(where: { $0.segment === segment }) else { return false }
        if damage.isOfFile { return setAside(segment.partition, damage.reason) }
        setAside(segment.id, of: segment.partition, damage.reason)
        forget { $0 === segment }
        return true
    }

    /// - Returns: false if the partition is not here any more.
    mutating func setAside(_ partition: Partition, _ reason: String) -> Bool {
        guard directory.setAside(partition, reason) else { return false }
        drop(partition)
        return true
    }

    private func setAside(_ segment: Int64, of partition: Partition, _ reason: String) {
        directory.report(
            "segment \(segment) of \(partition.name) is damaged and set aside: \(reason)")
        do {
            try partition.setAside(segment, reason, at: Timestamp.now())
        } catch {
            // The next start sees it again, and merges of until then have not.
            directory.distrust(partition.name)
            directory.report("cannot write that down in \(partition.path): \(error)")
        }
    }
}
