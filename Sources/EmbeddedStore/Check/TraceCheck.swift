internal import Spans

/// There are as many traces as is said, and the filter, by which most segments are passed over when a trace is looked
/// for, knows each of them.
enum TraceCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        guard let traces = try segment.column(.traceID) else {
            return add("trace ids", "none", "span.trace_id")
        }
        let record = segment.record
        if traces.strings.count != record.traces {
            add("\(record.traces) traces", "\(traces.strings.count)", "span.trace_id")
        }
        let wrong = (0..<traces.strings.count).count { traces.strings.length(of: $0) != 16 }
        if wrong > 0 { add("trace ids of 16 bytes", "\(wrong) others", "span.trace_id") }
        guard let filter = record.filter else {
            if !record.isPacked { add("a trace filter", "none", nil) }
            return
        }
        let unknown = (0..<traces.strings.count).count { code in
            !filter.contains(traces.strings.withValue(code) { TraceFilter.hash($0) })
        }
        if unknown > 0 { add("a filter that knows every trace", "\(unknown) unknown", nil) }
    }
}
