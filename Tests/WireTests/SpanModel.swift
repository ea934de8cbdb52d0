import Spans

@testable import Wire

/// A span as plain values, to compare batches however they came to be.
struct SpanModel: Hashable {
    struct Event: Hashable {
        var time: UInt64
        var name: String
        var attributes: Set<AttributeValue.Entry>
        var dropped: UInt64
    }

    struct Link: Hashable {
        var traceID: [UInt8]
        var spanID: [UInt8]
        var state: String
        var flags: UInt64
        var attributes: Set<AttributeValue.Entry>
    }

    var traceID: [UInt8]
    var spanID: UInt64
    var parent: UInt64
    var name: String
    var numbers: [UInt64]
    var texts: [String]
    var start: UInt64
    var end: UInt64
    var attributes: Set<AttributeValue.Entry>
    var resource: Set<AttributeValue.Entry>
    var resourceSchema: String
    var scope: [String]
    var scopeAttributes: Set<AttributeValue.Entry>
    var events: [Event]
    var links: [Link]
}

extension SpanBatch {
    var models: [SpanModel] {
        let eventRows = children(EventField.span, of: events)
        let linkRows = children(LinkField.span, of: links)
        return (0..<count).map { row in
            let times = sentTimes(row)
            let resource = Int(spans.number(SpanField.resource, row))
            let scope = Int(spans.number(SpanField.scope, row))
            return SpanModel(
                traceID: spans.bytes(SpanField.traceID, row),
                spanID: spans.number(SpanField.spanID, row),
                parent: spans.number(SpanField.parentSpanID, row),
                name: spans.text(SpanField.name, row),
                numbers: [
                    SpanField.kind, .status, .flags, .droppedAttributes, .droppedEvents,
                    .droppedLinks,
                ].map { spans.number($0, row) },
                texts: [SpanField.statusMessage, .traceState].map { spans.text($0, row) },
                start: times.start, end: times.end, attributes: Set(spans.attributes(row)),
                resource: Set(resources.attributes(resource)),
                resourceSchema: resources.text(ResourceField.schemaURL, resource),
                scope: [ScopeField.name, .version, .schemaURL].map { scopes.text($0, scope) },
                scopeAttributes: Set(scopes.attributes(scope)),
                events: (eventRows[row] ?? []).map { event in
                    SpanModel.Event(
                        time: events.number(EventField.time, event),
                        name: events.text(EventField.name, event),
                        attributes: Set(events.attributes(event)),
                        dropped: events.number(EventField.droppedAttributes, event))
                },
                links: (linkRows[row] ?? []).map { link in
                    SpanModel.Link(
                        traceID: links.bytes(LinkField.traceID, link),
                        spanID: links.bytes(LinkField.spanID, link),
                        state: links.text(LinkField.traceState, link),
                        flags: links.number(LinkField.flags, link),
                        attributes: Set(links.attributes(link)))
                })
        }
    }
}

/// The time at which tests receive.
let receivedAt: UInt64 = 1_795_000_000_000_000_000

func readProtobuf(_ bytes: [UInt8]) throws -> (batch: SpanBatch, report: ReadReport) {
    var batch = SpanBatch()
    let report = try bytes.withUnsafeBytes {
        try readTraces(protobuf: $0, receipt: Receipt(time: receivedAt), into: &batch)
    }
    return (batch, report)
}

func readJSON(_ bytes: [UInt8]) throws -> (batch: SpanBatch, report: ReadReport) {
    var batch = SpanBatch()
    let report = try bytes.withUnsafeBytes {
        try readTraces(json: $0, receipt: Receipt(time: receivedAt), into: &batch)
    }
    return (batch, report)
}
