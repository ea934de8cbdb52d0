internal import Spans

/// When spans and traces of a frame began and how long they took.
struct FrameTimes: MemorySized {
    /// For each row, Unix nanoseconds.
    let starts: [Int64]
    /// For each trace the row of its root: the earliest span without a parent, or -1 if none has come.
    let rootRows: [Int32]
    /// For each trace its root's start, else its earliest span's.
    let traceStarts: [Int64]
    /// For each trace its root's duration, else from the first start to the last end.
    let traceDurations: [UInt64]
    /// For each `blockUnits` rows, or traces, the last start of these and all before them.
    let lastStarts: [Int64]
    let lastTraceStarts: [Int64]
    /// The first and last of all starts; of no spans, so that no range ends between them.
    let startMin: Int64
    let startMax: Int64

    static let blockUnits = 1024

    var byteCount: Int { starts.count * 8 + rootRows.count * 20 }

    static func of(_ frame: some Frame) throws -> FrameTimes {
        try frame.derived("times") { try FrameTimes(frame) }
    }

    private init(_ frame: some Frame) throws {
        let starts = try frame.numbers(SpanField.start).map(clamped)
        let durations = try SpanDurations.of(frame)
        var hasParent = [Bool](repeating: false, count: starts.count)
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
        var traceStarts = [Int64](repeating: 0, count: frame.traceCount)
        var traceDurations = [UInt64](repeating: 0, count: frame.traceCount)
        for trace in 0..<frame.traceCount {
            let rows = frame.rows(of: trace)
            // Rows of a trace are ordered by start, then span id.
            if let root = rows.first(where: { !hasParent[$0] }) {
                rootRows[trace] = Int32(root)
                traceStarts[trace] = starts[root]
                traceDurations[trace] = durations[root]
            } else {
                let first = starts[rows.lowerBound]
                let last = rows.reduce(first) { last, row in
                    max(
                        last, starts[row].addingReportingOverflow(Int64(clamping: durations[row])).0
                    )
                }
                traceStarts[trace] = first
                traceDurations[trace] = UInt64(max(0, last - first))
            }
        }
        self.starts = starts
        lastStarts = Self.lastStarts(starts)
        lastTraceStarts = Self.lastStarts(traceStarts)
        startMin = starts.min() ?? .max
        startMax = starts.max() ?? .min
        self.rootRows = rootRows
        self.traceStarts = traceStarts
        self.traceDurations = traceDurations
    }

    static func lastStarts(_ starts: [Int64]) -> [Int64] {
        var last = Int64.min
        return stride(from: 0, to: starts.count, by: blockUnits).map { first in
            for start in starts[first..<min(first + blockUnits, starts.count)] {
                last = max(last, start)
            }
            return last
        }
    }
}

/// How long each span of a frame took, in nanoseconds; 0 for one without end, or with one before its start.
struct SpanDurations: MemorySized {
    private let durations: [UInt64]

    var byteCount: Int { durations.count * 8 }

    /// Apart from the other times, since counts need none.
    static func of(_ frame: some Frame) throws -> [UInt64] {
        try frame.derived("durations") {
            SpanDurations(
                durations: try frame.numbers(SpanField.duration).map { duration in
                    Int64(bitPattern: duration) < 0 ? 0 : duration
                })
        }.durations
    }
}
