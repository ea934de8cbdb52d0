/// Something whose size in memory is known, so that `WarmColumns` can keep it within its budget.
protocol MemorySized: Sendable {
    var byteCount: Int { get }
}

extension [UInt32]: MemorySized {
    var byteCount: Int { count * 4 }
}

/// Rows of another table, or of the same, for each row; -1 for none.
struct RowPointers: MemorySized {
    let rows: [Int32]
    var byteCount: Int { rows.count * 4 }

    init(_ rows: [Int32]) { self.rows = rows }
}
