internal import JSON
internal import Spans

extension NativeReader {
    /// Reads the members of a span onto the newest row: reserved keys into `span`, all others as
    /// attributes.
    mutating func members(
        of span: inout NativeSpan, into batch: inout SpanBatch
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if try reserved(key, of: &span, into: &batch) { continue }
            try attribute(key, &batch.spans, &batch.ledger)
        }
    }

    /// - Returns: whether the key is reserved; its value has been read then.
    private mutating func reserved(
        _ key: JSONString, of span: inout NativeSpan, into batch: inout SpanBatch
    ) throws(JSONError) -> Bool {
        if key.equals("trace_id") {
            span.head.setTraceID(try id(16, &span, "trace_id"))
        } else if key.equals("span_id") {
            span.head.setSpanID(try id(8, &span, "span_id"))
        } else if key.equals("parent_span_id") {
            span.head.setParent(try id(8, &span, "parent_span_id"))
        } else if key.equals("name") {
            try text(SpanField.name, "name", &span, &batch)
        } else if key.equals("status_message") {
            try text(SpanField.statusMessage, "status_message", &span, &batch)
        } else if key.equals("kind") {
            try kind(&span, &batch)
        } else if key.equals("status") {
            try status(&span, &batch)
        } else if key.equals("start_time_unix_nano") {
            span.start = try nanoseconds("start_time_unix_nano", &span)
        } else if key.equals("end_time_unix_nano") {
            span.end = try nanoseconds("end_time_unix_nano", &span)
        } else if key.equals("start_time") {
            span.start = try time("start_time", &span)
        } else if key.equals("end_time") {
            span.end = try time("end_time", &span)
        } else if key.equals("duration_ms") {
            try duration(&span)
        } else if key.equals("events") {
            try events(&span, into: &batch)
        } else if key.equals("links") {
            try links(&span, into: &batch)
        } else if try cursor.kind() == .object {
            return try object(key, of: &span, into: &batch)
        } else {
            return false
        }
        return true
    }

    /// What spans are read back with: an object of what they came from, or of attributes whose names are
    /// reserved here.
    private mutating func object(
        _ key: JSONString, of span: inout NativeSpan, into batch: inout SpanBatch
    ) throws(JSONError) -> Bool {
        if key.equals("resource") {
            span.resource = try place(&batch.resources, .resource, &batch.ledger)
        } else if key.equals("scope") {
            span.scope = try place(&batch.scopes, .scope, &batch.ledger)
        } else if key.equals("attributes") {
            try flat(&batch.spans, &batch.ledger)
        } else {
            return false
        }
        return true
    }

    /// The row of a resource or scope with the attributes at the cursor.
    private mutating func place(
        _ rows: inout TableBuilder, _ table: Table, _ ledger: inout Ledger
    ) throws(JSONError) -> Int {
        let start = cursor.offset
        let text = Array(try cursor.rawValue())
        if let known = places[table]?[text] { return known }
        cursor.goBack(to: start)
        let row = rows.beginRow()
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if table == .scope, key.equals("name") || key.equals("version"),
                try cursor.kind() == .string
            {
                let field = key.equals("name") ? ScopeField.name : .version
                try cursor.string().withBytes(&scratch) { text, isRepaired in
                    if isRepaired { ledger.count(.invalidUTF8, key: field.name) }
                    if !text.isEmpty { rows.set(field, text) }
                }
            } else {
                try attribute(key, &rows, &ledger)
            }
        }
        places[table, default: [:]][text] = row
        return row
    }

    // MARK: Reserved keys

    private mutating func id(
        _ size: Int, _ span: inout NativeSpan, _ name: String
    ) throws(JSONError) -> IDReading {
        switch try cursor.kind() {
        case .string:
            let reading = try cursor.string().withBytes(&scratch) { text, _ in
                IDReading(hexadecimal: text, size: size)
            }
            if case .fault(let fault) = reading, fault != IDReading.missing {
                span.fault("\(name) \(fault); it has \(size * 2) hexadecimal digits")
            }
            return reading
        case .null: try cursor.null()
        default:
            try cursor.skip()
            span.fault("\(name) is no text")
        }
        return .fault(IDReading.missing)
    }

    private mutating func text(
        _ field: SpanField, _ name: String, _ span: inout NativeSpan, _ batch: inout SpanBatch
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .string:
            try cursor.string().withBytes(&scratch) { text, isRepaired in
                if isRepaired { batch.ledger.count(.invalidUTF8, key: field.name) }
                if !text.isEmpty { batch.spans.set(field, text) }
            }
        case .null: try cursor.null()
        default:
            try cursor.skip()
            span.fault("\(name) is no text")
        }
    }

    private mutating func kind(
        _ span: inout NativeSpan, _ batch: inout SpanBatch
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .string:
            let name = try cursor.string().decodedString
            if let number = NativeSpan.kinds[name.uppercased()] {
                if number != 0 { batch.spans.set(SpanField.kind, number) }
            } else if let operation = NativeSpan.operations[name.lowercased()] {
                span.operation = operation
            } else if !name.isEmpty {
                span.fault(
                    "kind \(name) is none of INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER, and no "
                        + "kind of LLM operation")
            }
        case .number:
            let number = try cursor.number().uint64 ?? 6
            if number > 5 { span.fault("kind is a number from 0 to 5") }
            if number != 0 { batch.spans.set(SpanField.kind, number) }
        case .null: try cursor.null()
        default:
            try cursor.skip()
            span.fault("kind is no text")
        }
    }

    private mutating func status(
        _ span: inout NativeSpan, _ batch: inout SpanBatch
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .string:
            let name = try cursor.string().decodedString
            guard let code = NativeSpan.statuses[name.uppercased()] else {
                return span.fault("status \(name) is none of OK, ERROR, UNSET")
            }
            if code != 0 { batch.spans.set(SpanField.status, code) }
        case .number:
            let code = try cursor.number().uint64 ?? 3
            if code > 2 { return span.fault("status is a number from 0 to 2") }
            if code != 0 { batch.spans.set(SpanField.status, code) }
        case .null: try cursor.null()
        case .object:
            var isFirst = true
            try cursor.enterObject()
            while let key = try cursor.nextKey(&isFirst) {
                if key.equals("code") {
                    try status(&span, &batch)
                } else if key.equals("message") {
                    try text(.statusMessage, "status.message", &span, &batch)
                } else {
                    try cursor.skip()
                }
            }
        case .array, .boolean:
            try cursor.skip()
            span.fault("status is no text")
        }
    }

    // MARK: Times

    /// An integer or decimal text; nil where there is none.
    private mutating func nanoseconds(
        _ name: String, _ span: inout NativeSpan
    ) throws(JSONError) -> UInt64? {
        switch try cursor.kind() {
        case .number:
            if let value = try cursor.number().uint64 { return value }
        case .string:
            let text = try cursor.string().decodedString
            if text.isEmpty { return nil }
            if let value = UInt64(text) { return value }
        case .null:
            try cursor.null()
            return nil
        default: try cursor.skip()
        }
        span.fault("\(name) is no integer from 0 on")
        return nil
    }

    private mutating func time(
        _ name: String, _ span: inout NativeSpan
    ) throws(JSONError) -> UInt64? {
        switch try cursor.kind() {
        case .string:
            if let time = Timestamp.nanoseconds(try cursor.string().decodedString), time >= 0 {
                return UInt64(time)
            }
        case .null:
            try cursor.null()
            return nil
        default: try cursor.skip()
        }
        span.fault("\(name) is no RFC 3339 time such as 2026-11-18T10:26:40Z")
        return nil
    }

    private mutating func duration(_ span: inout NativeSpan) throws(JSONError) {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .number:
            let milliseconds = try cursor.number().double
            if milliseconds >= 0, milliseconds < 9e12 {
                span.duration = UInt64((milliseconds * 1e6).rounded())
            } else {
                span.fault("duration_ms is no number from 0 on")
            }
        default:
            try cursor.skip()
            span.fault("duration_ms is no number from 0 on")
        }
    }

    // MARK: Events and links

    private mutating func objects(
        _ name: String, _ span: inout NativeSpan,
        _ body: (inout NativeReader, inout NativeSpan) throws(JSONError) -> Void
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .null: return try cursor.null()
        case .array: break
        default:
            try cursor.skip()
            return span.fault("\(name) is no list")
        }
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            if try cursor.kind() == .object {
                try body(&self, &span)
            } else {
                try cursor.skip()
                span.fault("\(name) is a list of objects")
            }
        }
    }

    private mutating func events(
        _ span: inout NativeSpan, into batch: inout SpanBatch
    ) throws(JSONError) {
        try objects("events", &span) { reader, span throws(JSONError) in
            batch.events.beginRow()
            batch.events.set(EventField.span, UInt64(batch.spans.rowCount - 1))
            var time: UInt64?
            var isFirst = true
            try reader.cursor.enterObject()
            while let key = try reader.cursor.nextKey(&isFirst) {
                if key.equals("name"), try reader.cursor.kind() == .string {
                    try reader.cursor.string().withBytes(&reader.scratch) { text, isRepaired in
                        if isRepaired {
                            batch.ledger.count(.invalidUTF8, key: EventField.name.name)
                        }
                        if !text.isEmpty { batch.events.set(EventField.name, text) }
                    }
                } else if key.equals("time_unix_nano") {
                    time = try reader.nanoseconds("events.time_unix_nano", &span)
                } else if key.equals("time"), try reader.cursor.kind() == .string {
                    time = try reader.time("events.time", &span)
                } else if key.equals("attributes"), try reader.cursor.kind() == .object {
                    try reader.flat(&batch.events, &batch.ledger)
                } else {
                    try reader.attribute(key, &batch.events, &batch.ledger)
                }
            }
            if let time, time > 0 { batch.events.set(EventField.time, time) }
        }
    }

    private mutating func links(
        _ span: inout NativeSpan, into batch: inout SpanBatch
    ) throws(JSONError) {
        try objects("links", &span) { reader, span throws(JSONError) in
            batch.links.beginRow()
            batch.links.set(LinkField.span, UInt64(batch.spans.rowCount - 1))
            var isFirst = true
            try reader.cursor.enterObject()
            while let key = try reader.cursor.nextKey(&isFirst) {
                if key.equals("trace_id") {
                    if case .bytes(let high, let low, _) = try reader.id(
                        16, &span, "links.trace_id")
                    {
                        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
                            batch.links.set(LinkField.traceID, $0)
                        }
                    }
                } else if key.equals("span_id") {
                    if case .bytes(_, let low, _) = try reader.id(8, &span, "links.span_id") {
                        withUnsafeBytes(of: low.bigEndian) { batch.links.set(LinkField.spanID, $0) }
                    }
                } else if key.equals("attributes"), try reader.cursor.kind() == .object {
                    try reader.flat(&batch.links, &batch.ledger)
                } else {
                    try reader.attribute(key, &batch.links, &batch.ledger)
                }
            }
        }
    }

    /// The members of the object at the cursor, as attributes without a prefix.
    private mutating func flat(
        _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) { try attribute(key, &table, &ledger) }
    }
}
