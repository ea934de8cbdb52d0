internal import Spans

/// How long each span of a frame took, in nanoseconds; 0 for one without end, or with one before its start.
struct SpanDurations: MemorySized {
    private let durations: [UInt64]

    var byteCount: Int { durations.count * 8 }

    static func of(_ frame: some Frame) throws -> [UInt64] {
        try frame.derived("durations") { SpanDurations(durations: try made(of: frame)) }.durations
    }

    /// The same, not kept.
    static func made(of frame: some Frame) throws -> [UInt64] {
        try frame.numbers(SpanField.duration).map { Int64(bitPattern: $0) < 0 ? 0 : $0 }
    }
}
