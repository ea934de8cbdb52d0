internal import Spans

/// A segment that is being merged, read a column at a time, so that a merge never holds all of it; and
/// past the warm columns, so that it does not push out what queries use.
struct MergeSource {
    private let segment: Segment
    /// A small segment with its texts still compressed; nil for a large one.
    private let packed: PackedSegment?

    init(_ segment: Segment) throws {
        self.segment = segment
        packed = segment.isPacked ? try segment.opened() : nil
    }

    var keys: Set<ColumnKey> { packed?.keys ?? segment.keys }

    /// One column with its texts.
    func column(_ key: ColumnKey) throws -> ColumnData? {
        try segment.reading { try packed?.column(key, withTexts: true) } ?? segment.cold(key)
    }

    /// The columns that decide where rows go: identity, order, and what tables say of each other. Parents
    /// are ids.
    func skeleton() throws -> SegmentData {
        var data = SegmentData(rowCounts: segment.record.rowCounts)
        for key in keys where key.isStructural { data.columns[key] = try column(key) }
        try segment.reading { try ParentRows.unfold(&data) }
        return data
    }
}

extension ColumnKey {
    /// Whether assembling a segment needs this column before any other: see `SegmentAssembly`.
    fileprivate var isStructural: Bool {
        switch table {
        case .resource, .scope: true
        case .event: self == ColumnKey(.event, .field, EventField.span.name, EventField.span.type)
        case .link: self == ColumnKey(.link, .field, LinkField.span.name, LinkField.span.type)
        case .span:
            origin == .field
                && [
                    SpanField.traceID.name, SpanField.spanID.name, SpanField.parentSpanID.name,
                    ColumnKey.parentRow.name, SpanField.start.name, SpanField.resource.name,
                    SpanField.scope.name,
                ].contains(name)
        }
    }
}
