internal import Spans

/// The segment's first and last start, by which questions pass it over, are those of its rows.
enum TimeCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        let starts = try segment.numbers(SpanField.start)
        let record = segment.record
        let found = (starts.min().map(clamped) ?? 0, starts.max().map(clamped) ?? 0)
        if found != (record.startMin, record.startMax) {
            add(
                "starts from \(record.startMin) to \(record.startMax)", "\(found.0) to \(found.1)",
                "span.start")
        }
        if record.receivedMin > record.receivedMax {
            add("received from \(record.receivedMin) on", "until \(record.receivedMax)", nil)
        }
    }
}
