internal import Spans

/// Reads whole spans back out of segments, into a batch: as they were sent, every attribute of every
/// type, with their events, links, resources and scopes.
struct RowCollector {
    private(set) var batch = SpanBatch()

    /// Appends rows of a segment, in the order given.
    mutating func append(_ rows: [Int], of segment: Segment) throws {
        let reader = try SegmentRows(segment, rows)
        let resources = try copies(rows.map { reader.pointer(.resource, $0) }, .resource, reader)
        let scopes = try copies(rows.map { reader.pointer(.scope, $0) }, .scope, reader)
        let first = batch.count
        let columns = try reader.columns(of: .span)
        for (index, row) in rows.enumerated() {
            batch.spans.beginRow()
            for column in columns { try column.copy(row, to: &batch.spans) }
            if let parent = reader.parentSpanID(row) {
                batch.spans.set(SpanField.parentSpanID, parent)
            }
            if let resource = resources[index] {
                batch.spans.set(SpanField.resource, UInt64(resource))
            }
            if let scope = scopes[index] { batch.spans.set(SpanField.scope, UInt64(scope)) }
        }
        var place: [Int: Int] = [:]
        for (index, row) in rows.enumerated() { place[row] = first + index }
        for (event, span) in try reader.children(EventField.span) {
            batch.events.beginRow()
            for column in try reader.columns(of: .event) {
                try column.copy(event, to: &batch.events)
            }
            batch.events.set(EventField.span, UInt64(place[span] ?? first))
        }
        for (link, span) in try reader.children(LinkField.span) {
            batch.links.beginRow()
            for column in try reader.columns(of: .link) { try column.copy(link, to: &batch.links) }
            batch.links.set(LinkField.span, UInt64(place[span] ?? first))
        }
    }

    /// Copies rows of the resource or scope table, each once; the new row of each.
    private mutating func copies(
        _ rows: [Int?], _ table: Table, _ reader: SegmentRows
    ) throws -> [Int?] {
        var known: [Int: Int] = [:]
        var result: [Int?] = []
        for row in rows {
            guard let row else {
                result.append(nil)
                continue
            }
            if known[row] == nil {
                let columns = try reader.columns(of: table)
                if table == .resource {
                    known[row] = batch.resources.beginRow()
                    for column in columns { try column.copy(row, to: &batch.resources) }
                } else {
                    known[row] = batch.scopes.beginRow()
                    for column in columns { try column.copy(row, to: &batch.scopes) }
                }
            }
            result.append(known[row])
        }
        return result
    }
}
