package import Spans

/// Writes a batch as an `ExportTraceServiceRequest` in protobuf: what was read, field by field and
/// attribute by attribute.
package func exportRequest(protobuf batch: SpanBatch) -> [UInt8] {
    let writer = OTLPProtobufWriter(batch)
    var message = ProtobufWriter()
    for group in batch.grouped() {
        message.field(1) { writer.resourceSpans(group.resource, group.scopes, &$0) }
    }
    return message.bytes
}

private struct OTLPProtobufWriter {
    let batch: SpanBatch
    let events: [Int: [Int]]
    let links: [Int: [Int]]

    init(_ batch: SpanBatch) {
        self.batch = batch
        events = batch.children(EventField.span, of: batch.events)
        links = batch.children(LinkField.span, of: batch.links)
    }

    func resourceSpans(
        _ resource: Int, _ scopes: [(scope: Int, rows: [Int])], _ message: inout ProtobufWriter
    ) {
        let table = batch.resources
        if resource >= 0 {
            message.field(1) { inner in
                attributes(table, resource, 1, &inner)
                number(table, ResourceField.droppedAttributes, resource, 2, &inner)
                inner.append(table.bytes(ResourceField.entityRefs, resource))
            }
        }
        for scope in scopes {
            message.field(2) { scopeSpans(scope.scope, scope.rows, &$0) }
        }
        if resource >= 0 { text(table, ResourceField.schemaURL, resource, 3, &message) }
    }

    private func scopeSpans(_ scope: Int, _ rows: [Int], _ message: inout ProtobufWriter) {
        let table = batch.scopes
        if scope >= 0 {
            message.field(1) { inner in
                text(table, ScopeField.name, scope, 1, &inner)
                text(table, ScopeField.version, scope, 2, &inner)
                attributes(table, scope, 3, &inner)
                number(table, ScopeField.droppedAttributes, scope, 4, &inner)
            }
        }
        for row in rows { message.field(2) { span(row, &$0) } }
        if scope >= 0 { text(table, ScopeField.schemaURL, scope, 3, &message) }
    }

    private func span(_ row: Int, _ message: inout ProtobufWriter) {
        let table = batch.spans
        let times = batch.sentTimes(row)
        text(table, SpanField.traceID, row, 1, &message)
        message.field(2, bytes: id(table.number(SpanField.spanID, row)))
        text(table, SpanField.traceState, row, 3, &message)
        let parent = table.number(SpanField.parentSpanID, row)
        if parent != 0 { message.field(4, bytes: id(parent)) }
        text(table, SpanField.name, row, 5, &message)
        number(table, SpanField.kind, row, 6, &message)
        message.field(7, fixed64: times.start)
        message.field(8, fixed64: times.end)
        attributes(table, row, 9, &message)
        number(table, SpanField.droppedAttributes, row, 10, &message)
        for event in events[row] ?? [] { message.field(11) { self.event(event, &$0) } }
        number(table, SpanField.droppedEvents, row, 12, &message)
        for link in links[row] ?? [] { message.field(13) { self.link(link, &$0) } }
        number(table, SpanField.droppedLinks, row, 14, &message)
        message.field(15) { status in
            text(table, SpanField.statusMessage, row, 2, &status)
            number(table, SpanField.status, row, 3, &status)
        }
        let flags = table.number(SpanField.flags, row)
        if flags != 0 { message.field(16, fixed32: UInt32(truncatingIfNeeded: flags)) }
    }

    private func event(_ row: Int, _ message: inout ProtobufWriter) {
        message.field(1, fixed64: batch.events.number(EventField.time, row))
        text(batch.events, EventField.name, row, 2, &message)
        attributes(batch.events, row, 3, &message)
        number(batch.events, EventField.droppedAttributes, row, 4, &message)
    }

    private func link(_ row: Int, _ message: inout ProtobufWriter) {
        text(batch.links, LinkField.traceID, row, 1, &message)
        text(batch.links, LinkField.spanID, row, 2, &message)
        text(batch.links, LinkField.traceState, row, 3, &message)
        attributes(batch.links, row, 4, &message)
        number(batch.links, LinkField.droppedAttributes, row, 5, &message)
        let flags = batch.links.number(LinkField.flags, row)
        if flags != 0 { message.field(6, fixed32: UInt32(truncatingIfNeeded: flags)) }
    }

    // MARK: Fields

    private func attributes(
        _ table: TableBuilder, _ row: Int, _ number: Int, _ message: inout ProtobufWriter
    ) {
        for entry in table.attributes(row) {
            message.field(number) { pair in
                pair.field(1, bytes: entry.key.utf8)
                pair.field(2) { entry.value.write(to: &$0) }
            }
        }
    }

    private func text<F: TableField>(
        _ table: TableBuilder, _ field: F, _ row: Int, _ number: Int,
        _ message: inout ProtobufWriter
    ) {
        let bytes = table.bytes(field, row)
        if !bytes.isEmpty { message.field(number, bytes: bytes) }
    }

    private func number<F: TableField>(
        _ table: TableBuilder, _ field: F, _ row: Int, _ number: Int,
        _ message: inout ProtobufWriter
    ) {
        let value = table.number(field, row)
        if value != 0 { message.field(number, varint: value) }
    }

    private func id(_ id: UInt64) -> [UInt8] { withUnsafeBytes(of: id.bigEndian) { Array($0) } }
}
