extension SpanBatch {
    /// The memory that it holds, roughly.
    package var byteCount: Int {
        tables.reduce(0) { $0 + $1.columns.reduce(0) { $0 + $1.byteCount } }
    }
}

extension ColumnBuilder {
    fileprivate var byteCount: Int {
        rows.count * 4 + numbers.count * 8 + codes.count * 4 + dictionary.byteCount
            + elements.byteCount
    }
}
