internal import Spans
internal import Store

/// Divides a snapshot into frames, so that each trace lies whole in one of them.
enum Frames {
    /// The frames in which units of a range may lie.
    static func of(_ snapshot: Snapshot, range: TimeRange) throws -> [any Frame] {
        var frames: [any Frame] = []
        var loose: [(columns: any ColumnSource, excluded: RowSet?)] = []
        for view in snapshot.small { loose.append((view.segment, view.deleted)) }
        for view in snapshot.large {
            let segment = view.segment
            let ends = try segment.traceEnds()
            let skipped = try skippedTraces(view, ends)
            if let skipped {
                loose.append((segment, excluded(view, ends, skipped)))
            }
            if range.overlaps(segment.record.startMin, segment.record.startMax) {
                frames.append(SegmentFrame(segment, traceEnds: ends, skipped: skipped))
            }
        }
        if !loose.isEmpty { frames.append(try LooseFrame(loose)) }
        return frames
    }

    /// The traces of a large segment that lie loose: those that others share, and those with deleted
    /// rows.
    private static func skippedTraces(_ view: SegmentView, _ ends: [UInt32]) throws -> [Bool]? {
        if view.shared.isEmpty, view.deleted == nil { return nil }
        var skipped = [Bool](repeating: false, count: ends.count)
        if !view.shared.isEmpty {
            let table = try view.segment.traceTable()
            for hash in view.shared {
                if let trace = table.trace(hash) { skipped[trace] = true }
            }
        }
        if let deleted = view.deleted {
            var start = 0
            for trace in ends.indices {
                for row in start..<Int(ends[trace]) where deleted.contains(row) {
                    skipped[trace] = true
                }
                start = Int(ends[trace])
            }
        }
        return skipped
    }

    /// The rows of a large segment that the loose frame must not take.
    private static func excluded(
        _ view: SegmentView, _ ends: [UInt32], _ skipped: [Bool]
    ) -> RowSet {
        var rows = view.deleted ?? RowSet(rowCount: view.segment.record.spans)
        var start = 0
        for trace in ends.indices {
            if !skipped[trace] {
                for row in start..<Int(ends[trace]) { rows.insert(row) }
            }
            start = Int(ends[trace])
        }
        return rows
    }
}
