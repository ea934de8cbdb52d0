internal import Spans

/// Reads one `Span` message onto the newest row of a batch
/// (opentelemetry/proto/trace/v1/trace.proto).
enum SpanMessageReader {
    /// - Returns: ids and times, which the caller sets once they are known to be valid.
    static func read(
        _ cursor: ProtobufCursor, into batch: inout SpanBatch
    ) throws(WireError) -> SpanHead {
        var cursor = cursor
        var head = SpanHead()
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2: head.setTraceID(IDReading(try cursor.text(), size: 16))
            case 2 << 3 | 2: head.setSpanID(IDReading(try cursor.text(), size: 8))
            case 3 << 3 | 2:
                setText(SpanField.traceState, try cursor.text(), &batch.spans, &batch.ledger)
            case 4 << 3 | 2: head.setParent(IDReading(try cursor.text(), size: 8))
            case 5 << 3 | 2: setText(SpanField.name, try cursor.text(), &batch.spans, &batch.ledger)
            case 6 << 3: setNumber(SpanField.kind, try cursor.varint(), &batch.spans)
            case 7 << 3 | 1: head.start = try cursor.fixed64()
            case 8 << 3 | 1: head.end = try cursor.fixed64()
            case 9 << 3 | 2:
                try AttributeReader.read(
                    cursor.message(try cursor.range()), into: &batch.spans, &batch.ledger)
            case 10 << 3:
                setDropped(
                    SpanField.droppedAttributes, try cursor.varint(), .droppedAttributesUpstream,
                    &batch)
            case 11 << 3 | 2: try event(cursor.message(try cursor.range()), into: &batch)
            case 12 << 3:
                setDropped(
                    SpanField.droppedEvents, try cursor.varint(), .droppedEventsUpstream, &batch)
            case 13 << 3 | 2: try link(cursor.message(try cursor.range()), into: &batch)
            case 14 << 3:
                setDropped(
                    SpanField.droppedLinks, try cursor.varint(), .droppedLinksUpstream, &batch)
            case 15 << 3 | 2: try status(cursor.message(try cursor.range()), into: &batch)
            case 16 << 3 | 5: setNumber(SpanField.flags, UInt64(try cursor.fixed32()), &batch.spans)
            default: try cursor.skip(tag)
            }
        }
        return head
    }

    private static func setNumber<F: TableField>(
        _ field: F, _ value: UInt64, _ table: inout TableBuilder
    ) {
        if value != 0 { table.set(field, value) }
    }

    private static func setDropped(
        _ field: SpanField, _ value: UInt64, _ reason: LedgerReason, _ batch: inout SpanBatch
    ) {
        // A negative count came as a long varint: uint32, modulo 2^32.
        let dropped = UInt64(UInt32(truncatingIfNeeded: value))
        if dropped > 0 {
            batch.spans.set(field, dropped)
            batch.ledger.count(reason, Int(dropped))
        }
    }

    private static func status(
        _ cursor: ProtobufCursor, into batch: inout SpanBatch
    ) throws(WireError) {
        var cursor = cursor
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 2 << 3 | 2:
                setText(SpanField.statusMessage, try cursor.text(), &batch.spans, &batch.ledger)
            case 3 << 3: setNumber(SpanField.status, try cursor.varint(), &batch.spans)
            default: try cursor.skip(tag)
            }
        }
    }

    private static func event(
        _ cursor: ProtobufCursor, into batch: inout SpanBatch
    ) throws(WireError) {
        var cursor = cursor
        batch.events.beginRow()
        batch.events.set(EventField.span, UInt64(batch.spans.rowCount - 1))
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 1: setNumber(EventField.time, try cursor.fixed64(), &batch.events)
            case 2 << 3 | 2:
                setText(EventField.name, try cursor.text(), &batch.events, &batch.ledger)
            case 3 << 3 | 2:
                try AttributeReader.read(
                    cursor.message(try cursor.range()), into: &batch.events, &batch.ledger)
            case 4 << 3:
                let dropped = UInt64(UInt32(truncatingIfNeeded: try cursor.varint()))
                setNumber(EventField.droppedAttributes, dropped, &batch.events)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            default: try cursor.skip(tag)
            }
        }
    }

    private static func link(
        _ cursor: ProtobufCursor, into batch: inout SpanBatch
    ) throws(WireError) {
        var cursor = cursor
        batch.links.beginRow()
        batch.links.set(LinkField.span, UInt64(batch.spans.rowCount - 1))
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2: setBytes(LinkField.traceID, try cursor.text(), &batch.links)
            case 2 << 3 | 2: setBytes(LinkField.spanID, try cursor.text(), &batch.links)
            case 3 << 3 | 2:
                setText(LinkField.traceState, try cursor.text(), &batch.links, &batch.ledger)
            case 4 << 3 | 2:
                try AttributeReader.read(
                    cursor.message(try cursor.range()), into: &batch.links, &batch.ledger)
            case 5 << 3:
                let dropped = UInt64(UInt32(truncatingIfNeeded: try cursor.varint()))
                setNumber(LinkField.droppedAttributes, dropped, &batch.links)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            case 6 << 3 | 5: setNumber(LinkField.flags, UInt64(try cursor.fixed32()), &batch.links)
            default: try cursor.skip(tag)
            }
        }
    }

    private static func setBytes(
        _ field: LinkField, _ bytes: UnsafeRawBufferPointer, _ table: inout TableBuilder
    ) {
        if !bytes.isEmpty { table.set(field, bytes) }
    }
}
