internal import Spans

/// A segment in memory: five tables by column, the form that sealing, merging and scanning share.
///
/// Besides the fields of a batch the span table may have `parent_row`, the row of the parent relative
/// to the span's own, in place of `parent_span_id` where the parent lies in the same segment.
struct SegmentData: Sendable {
    /// Rows of each table, in the order of `Table`.
    var rowCounts: [Int]
    var columns: [ColumnKey: ColumnData] = [:]
    /// Where each trace ends, if rows are ordered by trace; else empty.
    var traceEnds: [UInt32] = []

    init(rowCounts: [Int]) { self.rowCounts = rowCounts }

    init(_ batch: SpanBatch) {
        let tables = batch.tables
        rowCounts = tables.map(\.rowCount)
        for table in tables {
            for column in table.columns where !column.rows.isEmpty {
                columns[column.key] = ColumnData(column, rowCount: table.rowCount)
            }
        }
    }

    var spanCount: Int { rowCounts[Int(Table.span.rawValue)] }

    func rowCount(_ table: Table) -> Int { rowCounts[Int(table.rawValue)] }

    func field<F: TableField>(_ field: F) -> ColumnData? {
        columns[ColumnKey(F.table, .field, field.name, field.type)]
    }

    /// A numeric field of every row; 0 where it was not stored.
    func numbers<F: TableField>(_ field: F) -> [UInt64] {
        guard let column = self.field(field) else {
            return [UInt64](repeating: 0, count: rowCount(F.table))
        }
        return column.denseNumbers(rowCount: rowCount(F.table))
    }
}

extension ColumnKey {
    /// Where in the same segment a span's parent lies: its row minus the span's.
    static let parentRow = ColumnKey(.span, .field, "parent_row", .int)
    static let traceID = ColumnKey(.span, .field, SpanField.traceID.name, SpanField.traceID.type)
    static let parentSpanID = ColumnKey(
        .span, .field, SpanField.parentSpanID.name, SpanField.parentSpanID.type)
}

extension ColumnData {
    /// One number for every row, 0 where the column has none.
    func denseNumbers(rowCount: Int) -> [UInt64] {
        if case .all = presence { return numbers }
        var dense = [UInt64](repeating: 0, count: rowCount)
        presence.visit { dense[$0] = numbers[$1] }
        return dense
    }

    /// `code + 1` for every row, 0 where the column has none.
    func denseCodes(rowCount: Int) -> [UInt32] {
        var dense = [UInt32](repeating: 0, count: rowCount)
        presence.visit { dense[$0] = codes[$1] + 1 }
        return dense
    }
}
