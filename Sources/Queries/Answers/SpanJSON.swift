internal import JSON
internal import Spans
internal import Store

/// Writes spans in native form: as flat as they may be sent, with what they inherit under `dimensions`.
struct SpanJSON {
    private let rows: SpanRows
    private let fields: SpanFields
    private let events: [Int: [Int]]
    private let links: [Int: [Int]]
    private let attributes: SortedAttributes
    private var batch: SpanBatch { rows.batch }

    init(_ rows: SpanRows) {
        self.rows = rows
        fields = SpanFields(rows)
        attributes = SortedAttributes(rows.batch.spans)
        events = rows.batch.children(EventField.span, of: rows.batch.events)
        links = rows.batch.children(LinkField.span, of: rows.batch.links)
    }

    /// Keys that have a meaning of their own. An attribute of such a name goes under `attributes`.
    private static let reserved: Set<String> = [
        "trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano",
        "end_time_unix_nano", "start_time", "duration_ms", "status", "status_message",
        "trace_state", "flags", "events", "links", "resource", "scope", "attributes",
        "dimensions", "marks",
    ]

    /// All of a span.
    func write(_ row: Int, _ json: inout JSONWriter) {
        json.object { json in
            head(row, &json)
            let attributes = attributes.entries(row)
            for entry in attributes where !Self.reserved.contains(entry.key) {
                json.key(entry.key)
                json.value(entry.value)
            }
            let hidden = attributes.filter { Self.reserved.contains($0.key) }
            if !hidden.isEmpty { object("attributes", hidden, &json) }
            eventsAndLinks(row, &json)
            place(row, &json)
            json.key("dimensions")
            json.object { json in
                for (name, values) in rows.dimensions[row] {
                    json.key(name)
                    json.value(values)
                }
            }
        }
    }

    /// Some fields of a span: intrinsics, canonical dimensions or raw keys.
    func write(_ row: Int, _ shown: [Field], _ json: inout JSONWriter) {
        json.object { json in
            for field in shown {
                json.key(field.description)
                json.value(fields.values(of: field, row), of: field)
            }
        }
    }

    // MARK: Parts

    private func head(_ row: Int, _ json: inout JSONWriter) {
        let spans = batch.spans
        let start = spans.number(SpanField.start, row)
        let duration = spans.number(SpanField.duration, row)
        json.member("trace_id", Hex.text(spans.bytes(SpanField.traceID, row)))
        json.member("span_id", Hex.text(spanID: spans.number(SpanField.spanID, row)))
        let parent = spans.number(SpanField.parentSpanID, row)
        if parent != 0 { json.member("parent_span_id", Hex.text(spanID: parent)) }
        json.member("name", spans.text(SpanField.name, row))
        json.member("kind", SpanWords.kind(spans.number(SpanField.kind, row)))
        json.member("start_time_unix_nano", String(start))
        json.member("end_time_unix_nano", String(start &+ duration))
        json.member("start_time", Timestamp.text(Int64(clamping: start)))
        let isBackwards = Int64(bitPattern: duration) < 0
        json.member("duration_ms", isBackwards ? 0 : Double(duration) / 1e6)
        json.member("status", SpanWords.status(spans.number(SpanField.status, row)))
        text("status_message", spans.text(SpanField.statusMessage, row), &json)
        text("trace_state", spans.text(SpanField.traceState, row), &json)
        let flags = spans.number(SpanField.flags, row)
        if flags != 0 { json.member("flags", Int(truncatingIfNeeded: flags)) }
        let marks = SpanMarks(rawValue: spans.number(SpanField.marks, row)).names
        if !marks.isEmpty {
            json.key("marks")
            json.array { json in
                for mark in marks { json.value(mark) }
            }
        }
    }

    private func text(_ name: String, _ text: String, _ json: inout JSONWriter) {
        if !text.isEmpty { json.member(name, text) }
    }

    private func object(
        _ name: String, _ entries: [AttributeValue.Entry], _ json: inout JSONWriter
    ) {
        json.key(name)
        json.object { json in
            for entry in entries {
                json.key(entry.key)
                json.value(entry.value)
            }
        }
    }

    private func eventsAndLinks(_ row: Int, _ json: inout JSONWriter) {
        if let events = events[row] {
            json.key("events")
            json.array { json in
                for event in events {
                    json.object { json in
                        let time = batch.events.number(EventField.time, event)
                        json.member("name", batch.events.text(EventField.name, event))
                        json.member("time_unix_nano", String(time))
                        object("attributes", batch.events.attributes(event), &json)
                    }
                }
            }
        }
        if let links = links[row] {
            json.key("links")
            json.array { json in
                for link in links {
                    json.object { json in
                        json.member(
                            "trace_id", Hex.text(batch.links.bytes(LinkField.traceID, link)))
                        json.member("span_id", Hex.text(batch.links.bytes(LinkField.spanID, link)))
                        object("attributes", batch.links.attributes(link), &json)
                    }
                }
            }
        }
    }

    /// Where the span came from.
    private func place(_ row: Int, _ json: inout JSONWriter) {
        if let resource = fields.pointer(.resource, row) {
            let entries = batch.resources.attributes(resource)
            if !entries.isEmpty { object("resource", entries, &json) }
        }
        guard let scope = fields.pointer(.scope, row) else { return }
        var entries = batch.scopes.attributes(scope)
        for (name, field) in [("name", ScopeField.name), ("version", .version)] {
            let text = batch.scopes.text(field, scope)
            if !text.isEmpty { entries.append(.init(key: name, value: .string(text))) }
        }
        if !entries.isEmpty { object("scope", entries, &json) }
    }
}

extension SpanMarks {
    /// What was odd about a span, in words.
    fileprivate var names: [String] {
        let all: [(SpanMarks, String)] = [
            (.timeMissing, "time_missing"), (.startMissing, "start_missing"),
            (.unfinished, "unfinished"), (.endBeforeStart, "end_before_start"),
            (.farFuture, "far_future"), (.parentDropped, "parent_dropped"),
            (.idsGenerated, "ids_generated"),
        ]
        return all.filter { contains($0.0) }.map(\.1)
    }
}
