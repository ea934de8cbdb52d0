internal import JSON
package import Spans

/// Writes a batch as an `ExportTraceServiceRequest` in OTLP/JSON: hexadecimal ids, 64-bit integers in
/// quotes, enumerations as numbers, bytes in base64.
package func exportRequest(json batch: SpanBatch) -> [UInt8] {
    let writer = OTLPJSONWriter(batch)
    var json = JSONWriter()
    json.object { json in
        json.key("resourceSpans")
        json.array { json in
            for group in batch.grouped() {
                json.object { writer.resourceSpans(group.resource, group.scopes, &$0) }
            }
        }
    }
    json.newline()
    return json.bytes
}

private struct OTLPJSONWriter {
    let batch: SpanBatch
    let events: [Int: [Int]]
    let links: [Int: [Int]]

    init(_ batch: SpanBatch) {
        self.batch = batch
        events = batch.children(EventField.span, of: batch.events)
        links = batch.children(LinkField.span, of: batch.links)
    }

    func resourceSpans(
        _ resource: Int, _ scopes: [(scope: Int, rows: [Int])], _ json: inout JSONWriter
    ) {
        let table = batch.resources
        json.key("resource")
        json.object { json in
            if resource < 0 { return }
            attributes(table, resource, &json)
            count(
                "droppedAttributesCount", table.number(ResourceField.droppedAttributes, resource),
                &json)
        }
        json.key("scopeSpans")
        json.array { json in
            for scope in scopes {
                json.object { scopeSpans(scope.scope, scope.rows, &$0) }
            }
        }
        if resource >= 0 { text("schemaUrl", table.text(ResourceField.schemaURL, resource), &json) }
    }

    private func scopeSpans(_ scope: Int, _ rows: [Int], _ json: inout JSONWriter) {
        let table = batch.scopes
        json.key("scope")
        json.object { json in
            if scope < 0 { return }
            text("name", table.text(ScopeField.name, scope), &json)
            text("version", table.text(ScopeField.version, scope), &json)
            attributes(table, scope, &json)
            count(
                "droppedAttributesCount", table.number(ScopeField.droppedAttributes, scope), &json)
        }
        json.key("spans")
        json.array { json in
            for row in rows {
                json.newline()
                json.object { span(row, &$0) }
            }
        }
        if scope >= 0 { text("schemaUrl", table.text(ScopeField.schemaURL, scope), &json) }
    }

    private func span(_ row: Int, _ json: inout JSONWriter) {
        let table = batch.spans
        let times = batch.sentTimes(row)
        json.member("traceId", Hex.text(table.bytes(SpanField.traceID, row)))
        json.member("spanId", Hex.text(spanID: table.number(SpanField.spanID, row)))
        text("traceState", table.text(SpanField.traceState, row), &json)
        let parent = table.number(SpanField.parentSpanID, row)
        if parent != 0 { json.member("parentSpanId", Hex.text(spanID: parent)) }
        count("flags", table.number(SpanField.flags, row), &json)
        json.member("name", table.text(SpanField.name, row))
        count("kind", table.number(SpanField.kind, row), &json)
        json.member("startTimeUnixNano", String(times.start))
        json.member("endTimeUnixNano", String(times.end))
        attributes(table, row, &json)
        count("droppedAttributesCount", table.number(SpanField.droppedAttributes, row), &json)
        list("events", events[row], &json) { event($0, &$1) }
        count("droppedEventsCount", table.number(SpanField.droppedEvents, row), &json)
        list("links", links[row], &json) { link($0, &$1) }
        count("droppedLinksCount", table.number(SpanField.droppedLinks, row), &json)
        json.key("status")
        json.object { json in
            text("message", table.text(SpanField.statusMessage, row), &json)
            count("code", table.number(SpanField.status, row), &json)
        }
    }

    private func event(_ row: Int, _ json: inout JSONWriter) {
        json.member("timeUnixNano", String(batch.events.number(EventField.time, row)))
        json.member("name", batch.events.text(EventField.name, row))
        attributes(batch.events, row, &json)
        count(
            "droppedAttributesCount", batch.events.number(EventField.droppedAttributes, row), &json)
    }

    private func link(_ row: Int, _ json: inout JSONWriter) {
        json.member("traceId", Hex.text(batch.links.bytes(LinkField.traceID, row)))
        json.member("spanId", Hex.text(batch.links.bytes(LinkField.spanID, row)))
        text("traceState", batch.links.text(LinkField.traceState, row), &json)
        attributes(batch.links, row, &json)
        count("droppedAttributesCount", batch.links.number(LinkField.droppedAttributes, row), &json)
        count("flags", batch.links.number(LinkField.flags, row), &json)
    }

    // MARK: Fields

    private func text(_ name: String, _ text: String, _ json: inout JSONWriter) {
        if !text.isEmpty { json.member(name, text) }
    }

    private func count(_ name: String, _ number: UInt64, _ json: inout JSONWriter) {
        if number != 0 { json.member(name, Int(truncatingIfNeeded: number)) }
    }

    private func list(
        _ name: String, _ rows: [Int]?, _ json: inout JSONWriter,
        _ write: (Int, inout JSONWriter) -> Void
    ) {
        guard let rows else { return }
        json.key(name)
        json.array { json in
            for row in rows { json.object { write(row, &$0) } }
        }
    }

    private func attributes(_ table: TableBuilder, _ row: Int, _ json: inout JSONWriter) {
        let entries = table.attributes(row)
        if !entries.isEmpty { write(entries, "attributes", &json) }
    }

    private func write(
        _ entries: [AttributeValue.Entry], _ name: String, _ json: inout JSONWriter
    ) {
        json.key(name)
        json.array { json in
            for entry in entries {
                json.object { json in
                    json.member("key", entry.key)
                    json.key("value")
                    json.object { write(entry.value, &$0) }
                }
            }
        }
    }

    /// The one member of an `AnyValue`; none for an empty one.
    private func write(_ value: AttributeValue, _ json: inout JSONWriter) {
        switch value {
        case .empty: break
        case .string(let text): json.member("stringValue", text)
        case .bool(let flag): json.member("boolValue", flag)
        case .int(let number): json.member("intValue", String(number))
        case .double(let number): write(number, &json)
        case .bytes(let bytes): json.member("bytesValue", AttributeValue.base64(bytes))
        case .array(let elements):
            json.key("arrayValue")
            json.object { json in
                json.key("values")
                json.array { json in
                    for element in elements { json.object { write(element, &$0) } }
                }
            }
        case .map(let entries):
            json.key("kvlistValue")
            json.object { write(entries, "values", &$0) }
        }
    }

    private func write(_ number: Double, _ json: inout JSONWriter) {
        if number.isFinite {
            json.member("doubleValue", number)
        } else {
            let text = number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity"
            json.member("doubleValue", text)
        }
    }
}
