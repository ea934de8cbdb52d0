internal import Spans

/// Makes one large segment of several segments of a partition: decides the order of all rows at once, then
/// gives its columns one after the other.
///
/// The sources stay as they are.
struct Merge {
    let record: SegmentRecord
    /// Where each row comes from.
    let order: [RowAddress]
    private let sources: [MergeSource]
    private let assembly: SegmentAssembly
    /// The columns that had to be merged first, with parents as rows.
    private let first: SegmentData

    /// - Returns: nil if no row is left.
    init?(_ views: [SegmentView]) throws {
        sources = try views.map { try MergeSource($0.segment) }
        let skeletons = try sources.map { try $0.skeleton() }
        let ordered = try MergeOrder.order(skeletons, deleted: views.map(\.deleted))
        guard !ordered.order.isEmpty else { return nil }
        order = ordered.order
        assembly = SegmentAssembly(skeletons, order: ordered.order)
        first = try Self.first(skeletons, assembly, ordered.traceEnds)
        let earliest = views.map(\.segment.record.receivedMin).min() ?? 0
        let latest = views.map(\.segment.record.receivedMax).max() ?? 0
        var record = SegmentRecord(first, received: earliest...latest, isPacked: false)
        if let traces = first.field(SpanField.traceID) {
            record.filter = TraceFilter(
                hashes: (0..<traces.strings.count).map { code in
                    traces.strings.withValue(code) { TraceFilter.hash($0) }
                })
        }
        self.record = record
    }

    private static func first(
        _ skeletons: [SegmentData], _ assembly: SegmentAssembly, _ traceEnds: [UInt32]
    ) throws -> SegmentData {
        var data = SegmentData(rowCounts: assembly.maps.map(\.count))
        data.traceEnds = traceEnds
        for field in [SpanField.traceID, .spanID, .parentSpanID, .start] {
            let key = ColumnKey(.span, .field, field.name, field.type)
            data.columns[key] = try assembly.gathered(key) { skeletons[$0].columns[key] }
        }
        ParentRows.fold(&data)
        return data
    }

    /// Calls `write` with each column, in a fixed order.
    func columns(_ write: (MergedColumn) throws -> Void) throws {
        var keys = sources.reduce(into: Set(first.columns.keys)) { $0.formUnion($1.keys) }
        // The parents' form is chosen anew.
        keys.subtract([.parentRow, .parentSpanID].filter { first.columns[$0] == nil })
        for key in keys.sorted(by: ColumnKey.inStorageOrder) {
            let column =
                try first.columns[key]
                ?? assembly.gathered(key) { try sources[$0].column(key) }
            guard let column else { continue }
            try write(
                MergedEncoding.encode(
                    column, rowCount: first.rowCount(key.table), traceEnds: first.traceEnds))
        }
    }

    /// The rows of the merged segment whose sources were deleted after the merge had read them.
    ///
    /// - Parameters: what was deleted in each source before, and what is now.
    func lateDeletions(before: [RowSet?], now: [RowSet?]) -> RowSet? {
        var rows = RowSet(rowCount: order.count)
        for (row, address) in order.enumerated() {
            let source = Int(address.source)
            guard let deleted = now[source], deleted != before[source] else { continue }
            if deleted.contains(Int(address.row)) { rows.insert(row) }
        }
        return rows.count > 0 ? rows : nil
    }
}
