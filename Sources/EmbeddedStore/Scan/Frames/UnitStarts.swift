internal import Spans

/// When units of a frame began, Unix nanoseconds by their number.
struct UnitStarts: MemorySized {
    let starts: [Int64]
    /// For each `blockUnits` of them, the last start of these and all before them.
    let lastStarts: [Int64]

    static let blockUnits = 1024

    var byteCount: Int { starts.count * 8 }

    /// No unit begins later; of none, the earliest time that there is.
    var newest: Int64 { lastStarts.last ?? .min }

    init(_ starts: [Int64]) {
        self.starts = starts
        var last = Int64.min
        lastStarts = stride(from: 0, to: starts.count, by: Self.blockUnits).map { first in
            for start in starts[first..<min(first + Self.blockUnits, starts.count)] {
                last = max(last, start)
            }
            return last
        }
    }

    /// Of the spans of a frame. What takes the whole frame does without: eight bytes a row are more than most fields take.
    static func ofSpans(_ frame: some Frame) throws -> UnitStarts {
        try frame.derived("starts") {
            // To keep the column beside them would be sixteen bytes a row.
            let key = ColumnKey(.span, .field, SpanField.start.name, SpanField.start.type)
            let starts = try frame.passingColumn(key, withTexts: false)?
                .denseNumbers(rowCount: frame.spanCount)
            return UnitStarts(
                starts.map { $0.map(clamped) } ?? [Int64](repeating: 0, count: frame.spanCount))
        }
    }
}
