internal import Spans

/// Rows of a large segment lie by the trace's first start, then trace id, then the span's start, then its id.
enum OrderCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        guard segment.record.isOrdered != segment.record.isPacked else {
            return add(
                "rows in order in large segments only", "ordered: \(segment.record.isOrdered)", nil)
        }
        guard segment.record.isOrdered, let traces = try segment.column(.traceID),
            traces.codes.count == segment.record.spans
        else { return }
        let starts = try segment.numbers(SpanField.start)
        let spanIDs = try segment.numbers(SpanField.spanID)
        var seen = [Bool](repeating: false, count: traces.strings.count)
        var previous: (start: UInt64, trace: [UInt8])?
        for row in traces.codes.indices {
            let code = Int(traces.codes[row])
            if row > 0, traces.codes[row - 1] == traces.codes[row] {
                if (starts[row], spanIDs[row]) < (starts[row - 1], spanIDs[row - 1]) {
                    return add("spans of a trace by start and id", "row \(row) is not", nil)
                }
                continue
            }
            let trace = traces.strings.withValue(code) { Array($0) }
            if seen[code] { return add("a trace's spans together", "row \(row) is apart", nil) }
            seen[code] = true
            if let previous,
                starts[row] < previous.start
                    || starts[row] == previous.start
                        && trace.lexicographicallyPrecedes(previous.trace)
            {
                return add("traces by first start and id", "the one at row \(row) is not", nil)
            }
            previous = (starts[row], trace)
        }
    }
}
