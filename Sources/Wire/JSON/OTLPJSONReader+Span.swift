internal import JSON
internal import Spans

extension OTLPJSONReader {
    /// Reads the members of a span onto the newest row.
    ///
    /// - Returns: ids and times, and what else is wrong with the span.
    mutating func spanMembers(
        into batch: inout SpanBatch
    ) throws(JSONError) -> (SpanHead, fault: String?) {
        var head = SpanHead()
        var fault: String?
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.isNamed("traceId", "trace_id") {
                head.setTraceID(try id(size: 16))
            } else if key.isNamed("spanId", "span_id") {
                head.setSpanID(try id(size: 8))
            } else if key.isNamed("parentSpanId", "parent_span_id") {
                head.setParent(try id(size: 8))
            } else if key.isNamed("startTimeUnixNano", "start_time_unix_nano") {
                head.start = try number()
            } else if key.isNamed("endTimeUnixNano", "end_time_unix_nano") {
                head.end = try number()
            } else if key.equals("name") {
                try setText(SpanField.name, &batch.spans, &batch.ledger)
            } else if key.equals("attributes") {
                fault = try attributes(&batch.spans, &batch.ledger) ?? fault
            } else if key.equals("kind") {
                set(SpanField.kind, try enumeration(Self.kinds), &batch.spans)
            } else if key.equals("status") {
                try status(into: &batch)
            } else if key.equals("events") {
                try list { reader throws(JSONError) in try reader.event(into: &batch) }
            } else if key.equals("links") {
                try list { reader throws(JSONError) in try reader.link(into: &batch) }
            } else {
                try rareMember(key, into: &batch)
            }
        }
        return (head, fault)
    }

    private mutating func rareMember(
        _ key: JSONString, into batch: inout SpanBatch
    ) throws(JSONError) {
        if key.isNamed("traceState", "trace_state") {
            try setText(SpanField.traceState, &batch.spans, &batch.ledger)
        } else if key.equals("flags") {
            set(SpanField.flags, try count(), &batch.spans)
        } else if key.isNamed("droppedAttributesCount", "dropped_attributes_count") {
            try setDropped(.droppedAttributes, .droppedAttributesUpstream, &batch)
        } else if key.isNamed("droppedEventsCount", "dropped_events_count") {
            try setDropped(.droppedEvents, .droppedEventsUpstream, &batch)
        } else if key.isNamed("droppedLinksCount", "dropped_links_count") {
            try setDropped(.droppedLinks, .droppedLinksUpstream, &batch)
        } else {
            try cursor.skip()
        }
    }

    private mutating func setDropped(
        _ field: SpanField, _ reason: LedgerReason, _ batch: inout SpanBatch
    ) throws(JSONError) {
        let dropped = try count()
        set(field, dropped, &batch.spans)
        batch.ledger.count(reason, Int(dropped))
    }

    private static let kinds = [
        "UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER",
    ].map { "SPAN_KIND_" + $0 }
    private static let statuses = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]

    /// A number, or a name of the .proto file; an unknown name is 0.
    private mutating func enumeration(_ names: [String]) throws(JSONError) -> UInt64 {
        guard try cursor.kind() == .string else { return try number() }
        let text = try cursor.string().decodedString
        return UInt64(names.firstIndex(of: text.uppercased()) ?? Int(text) ?? 0)
    }

    private mutating func list(
        _ body: (inout OTLPJSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard try cursor.kind() == .array else {
            return try OTLPAnyValue.skipNull(&cursor, "a list")
        }
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try body(&self) }
    }

    private mutating func status(into batch: inout SpanBatch) throws(JSONError) {
        guard try cursor.kind() == .object else {
            return try OTLPAnyValue.skipNull(&cursor, "an object")
        }
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("code") {
                set(SpanField.status, try enumeration(Self.statuses), &batch.spans)
            } else if key.equals("message") {
                try setText(SpanField.statusMessage, &batch.spans, &batch.ledger)
            } else {
                try cursor.skip()
            }
        }
    }

    private mutating func event(into batch: inout SpanBatch) throws(JSONError) {
        batch.events.beginRow()
        batch.events.set(EventField.span, UInt64(batch.spans.rowCount - 1))
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.isNamed("timeUnixNano", "time_unix_nano") {
                set(EventField.time, try number(), &batch.events)
            } else if key.equals("name") {
                try setText(EventField.name, &batch.events, &batch.ledger)
            } else if key.equals("attributes") {
                try attributes(&batch.events, &batch.ledger)
            } else if key.isNamed("droppedAttributesCount", "dropped_attributes_count") {
                let dropped = try count()
                set(EventField.droppedAttributes, dropped, &batch.events)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            } else {
                try cursor.skip()
            }
        }
    }

    private mutating func link(into batch: inout SpanBatch) throws(JSONError) {
        batch.links.beginRow()
        batch.links.set(LinkField.span, UInt64(batch.spans.rowCount - 1))
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.isNamed("traceId", "trace_id") {
                try setID(LinkField.traceID, size: 16, &batch.links)
            } else if key.isNamed("spanId", "span_id") {
                try setID(LinkField.spanID, size: 8, &batch.links)
            } else if key.isNamed("traceState", "trace_state") {
                try setText(LinkField.traceState, &batch.links, &batch.ledger)
            } else if key.equals("attributes") {
                try attributes(&batch.links, &batch.ledger)
            } else if key.equals("flags") {
                set(LinkField.flags, try count(), &batch.links)
            } else if key.isNamed("droppedAttributesCount", "dropped_attributes_count") {
                let dropped = try count()
                set(LinkField.droppedAttributes, dropped, &batch.links)
                batch.ledger.count(.droppedAttributesUpstream, Int(dropped))
            } else {
                try cursor.skip()
            }
        }
    }

    // MARK: Ids

    /// Hexadecimal digits, or base64 as a plain protobuf library writes bytes: their lengths differ.
    private mutating func id(size: Int) throws(JSONError) -> IDReading {
        guard try cursor.kind() == .string else {
            try cursor.skip()
            return .fault("is no text")
        }
        return try cursor.string().withBytes(&scratch) { text, _ in
            if text.count == (size + 2) / 3 * 4, let bytes = Base64.decode(text),
                bytes.count == size
            {
                return bytes.withUnsafeBytes { IDReading($0, size: size) }
            }
            return IDReading(hexadecimal: text, size: size)
        }
    }

    private mutating func setID(
        _ field: LinkField, size: Int, _ table: inout TableBuilder
    ) throws(JSONError) {
        guard case .bytes(let high, let low, _) = try id(size: size) else { return }
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes in
            let used = size == 16 ? bytes[...] : bytes[8...]
            table.set(field, UnsafeRawBufferPointer(rebasing: used))
        }
    }
}
