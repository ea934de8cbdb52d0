internal import Spans
internal import Synchronization

/// What was gathered of loose rows and holds for more than one snapshot: groups of small segments, and the loose rows
/// of large ones. A part is good as long as its segments are the same and no row or trace of theirs was marked since.
final class LooseParts: Sendable {
    /// Small segments gathered into a frame.
    final class Group: Sendable {
        let frame: LooseFrame
        private let traces: TraceTable
        let startMin: Int64
        let startMax: Int64
        /// What it shares with the groups before it, by these. Groups do not change, so it is found once.
        private let sharedWith = Mutex<[UInt64: [UInt64]]>([:])
        private let loose = Mutex<(traces: Set<Int>, part: TracesApart)?>(nil)
        private let warm: WarmColumns?
        private let rowBytes: Int
        private let number = Group.numbers.add(1, ordering: .relaxed).newValue
        private static let numbers = Atomic<UInt64>(0)

        init(_ views: [SegmentView], _ warm: WarmColumns?) throws {
            self.warm = warm
            rowBytes = views.rowBytes
            frame = try LooseFrame(views.map { ($0.segment, $0.deleted) }, warm)
            // Trace ids have their codes in the order of the traces.
            traces = TraceTable(try frame.field(SpanField.traceID)?.strings ?? StringTable())
            startMin = views.map(\.segment.record.startMin).min() ?? .max
            startMax = views.map(\.segment.record.startMax).max() ?? .min
        }

        /// The hashes of traces that lie in this group and in another.
        func shared(with other: Group) -> [UInt64] {
            if let known = sharedWith.withLock({ $0[other.number] }) { return known }
            let found = traces.shared(with: other.traces)
            sharedWith.withLock { $0[other.number] = found }
            return found
        }

        /// Sets those of some traces apart that lie here; nil if none does.
        ///
        /// Kept for the next snapshot: mostly a trace goes on in the very next segment, and then no more.
        func apart(_ shared: Set<UInt64>) throws -> TracesApart? {
            let traces = Set(shared.compactMap { self.traces.trace($0) })
            if traces.isEmpty { return nil }
            if let known = loose.withLock({ $0 }), known.traces == traces { return known.part }
            var skipped = [Bool](repeating: false, count: frame.traceCount)
            for trace in traces { skipped[trace] = true }
            let excluded = LooseParts.rows(of: frame.traceEnds, but: skipped, nil)
            let part = try TracesApart(
                skipped, frame, excluded: excluded, rowBytes: rowBytes, warm)
            loose.withLock { $0 = (traces, part) }
            return part
        }
    }

    /// The traces of a frame that lie in others too, by their number, and their rows.
    struct TracesApart: Sendable {
        let skipped: [Bool]
        let rows: LooseFrame

        /// Up to so many bytes are kept outside the budget of warm columns, of which they are next to nothing: to gather a
        /// dozen rows again, all columns of their segment would have to be read.
        private static let ownBytesMax = 1 << 20

        /// - Parameter rowBytes: what a row takes with its texts, on average.
        init(
            _ skipped: [Bool], _ columns: any ColumnSource, excluded: RowSet, rowBytes: Int,
            _ warm: WarmColumns?
        ) throws {
            self.skipped = skipped
            let rowCount = columns.rowCounts[Int(Table.span.rawValue)] - excluded.count
            let (bytes, overflows) = rowCount.multipliedReportingOverflow(by: rowBytes)
            let isSmall = !overflows && bytes <= Self.ownBytesMax
            rows = try LooseFrame([(columns, excluded)], isSmall ? nil : warm)
        }
    }

    private enum Key: Hashable {
        case group(UInt32)
        case segment(ObjectIdentifier)
    }

    /// What decides whether a part is still good.
    private struct Version: Equatable {
        var segments: [ObjectIdentifier] = []
        /// Marks are only ever added, so their number tells.
        var marks: [Int] = []

        init(_ views: [SegmentView]) {
            for view in views {
                segments.append(ObjectIdentifier(view.segment))
                marks.append(view.deleted?.count ?? 0)
                // A small segment is gathered with all its traces.
                if !view.segment.isPacked { marks.append(view.shared.count) }
            }
        }
    }

    private struct Entry {
        let version: Version
        let part: any Sendable
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Segments of the newest snapshot. A part of others is not kept: it would keep what was merged.
        var segments: Set<ObjectIdentifier> = []
    }

    private let warm: WarmColumns?
    private let state = Mutex(State())

    /// - Parameter warm: keeps gathered columns within its budget; without it each part keeps its own.
    init(_ warm: WarmColumns?) { self.warm = warm }

    /// Forgets what is of no use to queries of a snapshot.
    func keep(only views: [SegmentView]) {
        let segments = Set(views.map { ObjectIdentifier($0.segment) })
        let gone = state.withLock { state -> [Entry] in
            state.segments = segments
            let gone = state.entries.filter {
                !$0.value.version.segments.allSatisfy(segments.contains)
            }
            for key in gone.keys { state.entries[key] = nil }
            return Array(gone.values)
        }
        // Frames go outside the lock.
        withExtendedLifetime(gone) {}
    }

    /// Small segments of one closed group, or a single one.
    func group(_ views: [SegmentView]) throws -> Group {
        guard let first = views.first else { return try Group([], warm) }
        let key =
            views.count == 1 ? Key.segment(ObjectIdentifier(first.segment)) : .group(first.group)
        return try part(key, Version(views)) { try Group(views, warm) }
    }

    /// nil if all of the segment's traces lie whole in it.
    func large(_ view: SegmentView) throws -> TracesApart? {
        if view.shared.isEmpty, view.deleted == nil { return nil }
        return try part(.segment(ObjectIdentifier(view.segment)), Version([view])) {
            let ends = try view.segment.traceEnds()
            let skipped = try Self.looseTraces(view, ends)
            let rows = Self.rows(of: ends, where: skipped)
            if rows.count <= view.segment.record.spans / Segment.rowsApart {
                var deleted = RowSet(rowCount: rows.count)
                for (place, row) in rows.enumerated() where view.deleted?.contains(row) == true {
                    deleted.insert(place)
                }
                return try TracesApart(
                    skipped, SegmentExtract(view.segment, rows: rows), excluded: deleted,
                    rowBytes: [view].rowBytes, warm)
            }
            let excluded = Self.rows(of: ends, but: skipped, view.deleted)
            return try TracesApart(
                skipped, view.segment, excluded: excluded, rowBytes: [view].rowBytes, warm)
        }
    }

    private static func rows(of ends: [UInt32], where isWanted: [Bool]) -> [Int] {
        ends.indices.flatMap { trace in
            isWanted[trace] ? Array(Int(trace == 0 ? 0 : ends[trace - 1])..<Int(ends[trace])) : []
        }
    }

    private func part<Part: Sendable>(
        _ key: Key, _ version: Version, _ make: () throws -> Part
    ) throws -> Part {
        let known = state.withLock { $0.entries[key] }
        if let known, known.version == version, let part = known.part as? Part { return part }
        let made = try make()
        let old = state.withLock { state -> Entry? in
            guard version.segments.allSatisfy(state.segments.contains) else { return nil }
            return state.entries.updateValue(Entry(version: version, part: made), forKey: key)
        }
        withExtendedLifetime(old) {}
        return made
    }

    /// The traces of a large segment that others share, and those with deleted rows.
    private static func looseTraces(_ view: SegmentView, _ ends: [UInt32]) throws -> [Bool] {
        var loose = [Bool](repeating: false, count: ends.count)
        if !view.shared.isEmpty {
            for trace in try view.segment.traces(of: view.shared) { loose[trace] = true }
        }
        if let deleted = view.deleted {
            var start = 0
            for trace in ends.indices {
                for row in start..<Int(ends[trace]) where deleted.contains(row) {
                    loose[trace] = true
                }
                start = Int(ends[trace])
            }
        }
        return loose
    }

    /// The rows of all traces but some, and what is deleted: those that are not to be gathered.
    static func rows(of ends: [UInt32], but wanted: [Bool], _ deleted: RowSet?) -> RowSet {
        var rows = deleted ?? RowSet(rowCount: Int(ends.last ?? 0))
        var start = 0
        for trace in ends.indices {
            if !wanted[trace] {
                for row in start..<Int(ends[trace]) { rows.insert(row) }
            }
            start = Int(ends[trace])
        }
        return rows
    }
}

extension [SegmentView] {
    /// What a span takes with its texts, on average.
    fileprivate var rowBytes: Int {
        let bytes = reduce(0) { $0 + $1.segment.record.rawBytes }
        return bytes / Swift.max(1, reduce(0) { $0 + $1.segment.record.spans }) + 1
    }
}
