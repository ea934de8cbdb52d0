internal import Spans

/// Rows that point to others point to rows that are there: a span to its resource, scope and parent, events and links to
/// their span.
enum PointerCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        func check<F: TableField>(_ field: F, _ target: Table) throws {
            let rows = segment.record.rowCounts[Int(target.rawValue)]
            let beyond = try segment.numbers(field).count { $0 >= UInt64(max(rows, 0)) }
            // A column of zeros is not stored, so spans of no resource need no row 0 of it.
            guard beyond > 0, rows > 0 || F.table != .span else { return }
            add(
                "rows of \(target.name) below \(rows)", "\(beyond) beyond",
                "\(F.table.name).\(field.name)")
        }
        try check(SpanField.resource, .resource)
        try check(SpanField.scope, .scope)
        try check(EventField.span, .span)
        try check(LinkField.span, .span)
        try checkParents(segment, add)
    }

    private static func checkParents(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        guard let near = try segment.column(.parentRow), let traces = try segment.column(.traceID)
        else { return }
        let codes = traces.denseCodes(rowCount: segment.record.spans)
        var beyond = 0
        var strangers = 0
        near.presence.visit { row, entry in
            let parent = row &+ Int(truncatingIfNeeded: Int64(bitPattern: near.numbers[entry]))
            if !codes.indices.contains(parent) {
                beyond += 1
            } else if codes[parent] != codes[row] {
                strangers += 1
            }
        }
        if beyond > 0 { add("parents in the segment", "\(beyond) beyond", "span.parent_row") }
        if strangers > 0 {
            add("parents in the same trace", "\(strangers) in others", "span.parent_row")
        }
    }
}
