package import Spans

/// Reads an `ExportTraceServiceRequest` in protobuf straight into the columns of a batch
/// (opentelemetry/proto/collector/trace/v1/trace_service.proto).
///
/// One bad span is refused and the rest is kept; a body that does not decode throws, and then the batch
/// must be thrown away.
package func readTraces(
    protobuf bytes: UnsafeRawBufferPointer, receipt: Receipt, into batch: inout SpanBatch
) throws(WireError) -> ReadReport {
    var reader = OTLPTraceReader(receipt: receipt)
    var cursor = ProtobufCursor(bytes)
    var index = 0
    while let tag = try cursor.tag() {
        if tag.raw == 1 << 3 | 2 {
            try reader.resourceSpans(cursor.message(try cursor.range()), index, into: &batch)
            index += 1
        } else {
            try cursor.skip(tag)
        }
    }
    return reader.report
}

private struct OTLPTraceReader {
    let receipt: Receipt
    private var owners: OwnerReader
    var report = ReadReport()
    /// Where the reader is, for what it says about refused spans.
    private var place = (resource: 0, scope: 0, span: 0)

    init(receipt: Receipt) {
        self.receipt = receipt
        owners = OwnerReader(receipt.owners)
    }

    /// Fields may come in any order, and the resource is needed first: a first pass looks for it.
    mutating func resourceSpans(
        _ cursor: ProtobufCursor, _ index: Int, into batch: inout SpanBatch
    ) throws(WireError) {
        place = (index, 0, 0)
        let row = batch.resources.beginRow()
        var head = cursor
        while let tag = try head.tag() {
            switch tag.raw {
            case 1 << 3 | 2: try resource(head.message(try head.range()), into: &batch)
            case 3 << 3 | 2:
                let url = try head.text()
                if !url.isEmpty {
                    setText(ResourceField.schemaURL, url, &batch.resources, &batch.ledger)
                }
            default: try head.skip(tag)
            }
        }
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofResource: row, in: batch))
        }
        var body = cursor
        while let tag = try body.tag() {
            if tag.raw == 2 << 3 | 2 {
                try scopeSpans(body.message(try body.range()), resource: row, into: &batch)
                place.scope += 1
            } else {
                try body.skip(tag)
            }
        }
    }

    private func resource(_ cursor: ProtobufCursor, into batch: inout SpanBatch) throws(WireError) {
        var cursor = cursor
        var entityRefs: [UInt8] = []
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2:
                try AttributeReader.read(
                    cursor.message(try cursor.range()), into: &batch.resources, &batch.ledger)
            case 2 << 3:
                let dropped = UInt64(UInt32(truncatingIfNeeded: try cursor.varint()))
                if dropped > 0 {
                    batch.resources.set(ResourceField.droppedAttributes, dropped)
                    batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
                }
            case 3 << 3 | 2:
                var writer = ProtobufWriter()
                writer.field(3, bytes: try cursor.text())
                entityRefs += writer.bytes
            default: try cursor.skip(tag)
            }
        }
        if !entityRefs.isEmpty {
            entityRefs.withUnsafeBytes { batch.resources.set(ResourceField.entityRefs, $0) }
        }
    }

    private mutating func scopeSpans(
        _ cursor: ProtobufCursor, resource: Int, into batch: inout SpanBatch
    ) throws(WireError) {
        place.span = 0
        let row = batch.scopes.beginRow()
        var head = cursor
        while let tag = try head.tag() {
            switch tag.raw {
            case 1 << 3 | 2: try scope(head.message(try head.range()), into: &batch)
            case 3 << 3 | 2:
                let url = try head.text()
                if !url.isEmpty { setText(ScopeField.schemaURL, url, &batch.scopes, &batch.ledger) }
            default: try head.skip(tag)
            }
        }
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofResource: resource, scope: row, in: batch))
        }
        var body = cursor
        while let tag = try body.tag() {
            if tag.raw == 2 << 3 | 2 {
                try span(
                    body.message(try body.range()), resource: resource, scope: row, into: &batch)
                place.span += 1
            } else {
                try body.skip(tag)
            }
        }
    }

    private func scope(_ cursor: ProtobufCursor, into batch: inout SpanBatch) throws(WireError) {
        var cursor = cursor
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2:
                setText(ScopeField.name, try cursor.text(), &batch.scopes, &batch.ledger)
            case 2 << 3 | 2:
                setText(ScopeField.version, try cursor.text(), &batch.scopes, &batch.ledger)
            case 3 << 3 | 2:
                try AttributeReader.read(
                    cursor.message(try cursor.range()), into: &batch.scopes, &batch.ledger)
            case 4 << 3:
                let dropped = UInt64(UInt32(truncatingIfNeeded: try cursor.varint()))
                if dropped > 0 {
                    batch.scopes.set(ScopeField.droppedAttributes, dropped)
                    batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
                }
            default: try cursor.skip(tag)
            }
        }
    }

    private mutating func span(
        _ cursor: ProtobufCursor, resource: Int, scope: Int, into batch: inout SpanBatch
    ) throws(WireError) {
        let (events, links) = (batch.events.rowCount, batch.links.rowCount)
        batch.spans.beginRow()
        batch.spans.set(SpanField.resource, UInt64(resource))
        batch.spans.set(SpanField.scope, UInt64(scope))
        let head = try SpanMessageReader.read(cursor, into: &batch)
        let fault = head.write(to: &batch, receipt: receipt)
        if batch.hasOpenCounts {
            batch.settleCounts(owners.owner(ofSpan: batch.spans.rowCount - 1, in: batch))
        }
        if let fault {
            batch.removeLastSpan(eventsBefore: events, linksBefore: links)
            report.refuse(
                "resourceSpans[\(place.resource)].scopeSpans[\(place.scope)].spans[\(place.span)]: \(fault)"
            )
        } else {
            report.accepted += 1
        }
    }
}

/// Sets a text field, repaired if it is not UTF-8. Empty text is protobuf's default and not stored.
@inline(__always)
func setText<F: TableField>(
    _ field: F, _ text: UnsafeRawBufferPointer, _ table: inout TableBuilder,
    _ ledger: inout Ledger
) {
    if text.isEmpty { return }
    if UTF8Repair.isValid(text) {
        table.set(field, text)
    } else {
        ledger.count(.invalidUTF8, key: field.name)
        UTF8Repair.repaired(Array(text)).withUnsafeBytes { table.set(field, $0) }
    }
}
