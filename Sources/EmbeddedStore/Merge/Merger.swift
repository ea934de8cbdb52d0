internal import Spans

/// Merges segments of one partition into one large segment.
enum Merger {
    struct Result {
        let merged: MergedSegment
        /// Where each row of it came from.
        let order: [RowAddress]
    }

    /// Reads, orders and encodes. Nothing is written; the sources stay as they are.
    ///
    /// - Returns: nil if no row is left.
    static func merge(_ sources: [SegmentView]) throws -> Result? {
        var data: [SegmentData] = []
        for view in sources {
            var source = try view.segment.whole()
            try ParentRows.unfold(&source)
            data.append(source)
        }
        let ordered = try MergeOrder.order(data, deleted: sources.map(\.deleted))
        guard !ordered.order.isEmpty else { return nil }
        var merged = try SegmentAssembly(data, order: ordered.order)
            .assembled(data, traceEnds: ordered.traceEnds)
        ParentRows.fold(&merged)
        let first = sources.map(\.segment.record.receivedMin).min() ?? 0
        let last = sources.map(\.segment.record.receivedMax).max() ?? 0
        return Result(
            merged: try MergedEncoding.encode(merged, received: first...last), order: ordered.order)
    }

    /// The rows of a merged segment whose sources were deleted after the merge had read them.
    static func lateDeletions(
        _ order: [RowAddress], before: [RowSet?], now: [RowSet?]
    ) -> RowSet? {
        var rows = RowSet(rowCount: order.count)
        for (row, address) in order.enumerated() {
            let source = Int(address.source)
            guard let deleted = now[source], deleted != before[source] else { continue }
            if deleted.contains(Int(address.row)) { rows.insert(row) }
        }
        return rows.count > 0 ? rows : nil
    }
}
