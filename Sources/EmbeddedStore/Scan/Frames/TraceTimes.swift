internal import Spans

/// When the traces of a frame began, how long they took, and which spans are their roots.
struct TraceTimes: MemorySized {
    /// For each trace the row of its root: the earliest span without a parent, or -1 if none has come.
    let rootRows: [Int32]
    /// Its root's, else its earliest span's.
    let starts: UnitStarts
    /// Its root's, else from the first start to the last end, in nanoseconds.
    let durations: [UInt64]

    var byteCount: Int { rootRows.count * 20 }

    static func of(_ frame: some Frame) throws -> TraceTimes {
        try frame.derived("trace times") { try TraceTimes(frame) }
    }

    private init(_ frame: some Frame) throws {
        // Not kept: nothing else of traces needs them.
        let spanStarts = try frame.numbers(SpanField.start).map(clamped)
        let spanDurations = try SpanDurations.made(of: frame)
        var hasParent = [Bool](repeating: false, count: spanStarts.count)
        for key in [ColumnKey.parentRow, .parentSpanID] {
            try frame.column(key, withTexts: false)?.presence.visit { row, _ in
                hasParent[row] = true
            }
        }
        // A span that names itself its parent has none.
        let parents = try frame.parentRows()
        if let near = try frame.column(.parentRow, withTexts: false) {
            near.presence.visit { row, entry in
                if near.numbers[entry] == 0, parents[row] < 0 { hasParent[row] = false }
            }
        }
        var rootRows = [Int32](repeating: -1, count: frame.traceCount)
        var starts = [Int64](repeating: 0, count: frame.traceCount)
        var durations = [UInt64](repeating: 0, count: frame.traceCount)
        for trace in 0..<frame.traceCount {
            let rows = frame.rows(of: trace)
            // Rows of a trace are ordered by start, then span id.
            if let root = rows.first(where: { !hasParent[$0] }) {
                rootRows[trace] = Int32(root)
                starts[trace] = spanStarts[root]
                durations[trace] = spanDurations[root]
            } else {
                let first = spanStarts[rows.lowerBound]
                let last = rows.reduce(first) { last, row in
                    let duration = Int64(clamping: spanDurations[row])
                    return max(last, spanStarts[row].addingReportingOverflow(duration).0)
                }
                starts[trace] = first
                durations[trace] = UInt64(max(0, last - first))
            }
        }
        self.rootRows = rootRows
        self.starts = UnitStarts(starts)
        self.durations = durations
    }
}
