/// A field of OTLP's messages that a table keeps as a column of its own. A value equal to protobuf's
/// default (0, empty) is not stored: OTLP does not tell the two apart.
package protocol TableField: RawRepresentable<Int>, CaseIterable, Sendable {
    static var table: Table { get }
    /// The column's name, as `docs/STORAGE.md` lists it.
    var name: String { get }
    var type: ValueType { get }
}

/// Fields of a span. Times are Unix nanoseconds as sent, unsigned 64-bit.
package enum SpanField: Int, TableField {
    case traceID, spanID, parentSpanID, start, duration, kind, status, name, statusMessage
    case traceState, flags, resource, scope, droppedAttributes, droppedEvents, droppedLinks
    case keyTenant, marks

    package static let table = Table.span

    package var name: String {
        switch self {
        case .traceID: "trace_id"
        case .spanID: "span_id"
        case .parentSpanID: "parent_span_id"
        case .start: "start"
        case .duration: "duration"
        case .kind: "kind"
        case .status: "status"
        case .name: "name"
        case .statusMessage: "status_message"
        case .traceState: "trace_state"
        case .flags: "flags"
        case .resource: "resource"
        case .scope: "scope"
        case .droppedAttributes: "dropped_attributes"
        case .droppedEvents: "dropped_events"
        case .droppedLinks: "dropped_links"
        case .keyTenant: "key_tenant"
        case .marks: "marks"
        }
    }

    package var type: ValueType {
        switch self {
        case .traceID: .bytes
        case .name, .statusMessage, .traceState, .keyTenant: .string
        case .spanID, .parentSpanID, .start, .duration, .kind, .status, .flags, .resource, .scope,
            .droppedAttributes, .droppedEvents, .droppedLinks, .marks:
            .int
        }
    }
}

/// What was odd about a span, as bits of `SpanField.marks`. The span is kept as it came; the mark says
/// how queries read it.
package struct SpanMarks: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Neither start nor end was sent; both are the time of receipt.
    package static let timeMissing = SpanMarks(rawValue: 1)
    /// No end was sent: the span had not ended yet. Its duration reads 0.
    package static let unfinished = SpanMarks(rawValue: 2)
    /// The end lies before the start. The difference is kept; its duration reads 0.
    package static let endBeforeStart = SpanMarks(rawValue: 4)
    /// The start lies too far in the future; the span lies in the partition of its receipt.
    package static let farFuture = SpanMarks(rawValue: 8)
    /// A parent id of a wrong length was dropped.
    package static let parentDropped = SpanMarks(rawValue: 16)
    /// Ids were made here, since none were sent.
    package static let idsGenerated = SpanMarks(rawValue: 32)
    /// Only the end was sent; the start reads the same.
    package static let startMissing = SpanMarks(rawValue: 64)
}

/// Fields of a resource, with the schema URL of its `ResourceSpans`.
package enum ResourceField: Int, TableField {
    case schemaURL, droppedAttributes, entityRefs

    package static let table = Table.resource

    package var name: String {
        switch self {
        case .schemaURL: "schema_url"
        case .droppedAttributes: "dropped_attributes"
        case .entityRefs: "entity_refs"
        }
    }

    package var type: ValueType {
        switch self {
        case .schemaURL: .string
        case .droppedAttributes: .int
        // The bytes of the `entity_refs` fields as sent: the message is still in development.
        case .entityRefs: .bytes
        }
    }
}

/// Fields of an instrumentation scope, with the schema URL of its `ScopeSpans`.
package enum ScopeField: Int, TableField {
    case name, version, schemaURL, droppedAttributes

    package static let table = Table.scope

    package var name: String {
        switch self {
        case .name: "name"
        case .version: "version"
        case .schemaURL: "schema_url"
        case .droppedAttributes: "dropped_attributes"
        }
    }

    package var type: ValueType { self == .droppedAttributes ? .int : .string }
}

/// Fields of a span event. `span` is the row of its span.
package enum EventField: Int, TableField {
    case span, time, name, droppedAttributes

    package static let table = Table.event

    package var name: String {
        switch self {
        case .span: "span"
        case .time: "time"
        case .name: "name"
        case .droppedAttributes: "dropped_attributes"
        }
    }

    package var type: ValueType { self == .name ? .string : .int }
}

/// Fields of a span link. `span` is the row of its span; the ids are those of the target, as sent.
package enum LinkField: Int, TableField {
    case span, traceID, spanID, traceState, flags, droppedAttributes

    package static let table = Table.link

    package var name: String {
        switch self {
        case .span: "span"
        case .traceID: "trace_id"
        case .spanID: "span_id"
        case .traceState: "trace_state"
        case .flags: "flags"
        case .droppedAttributes: "dropped_attributes"
        }
    }

    package var type: ValueType {
        switch self {
        case .span, .flags, .droppedAttributes: .int
        case .traceID, .spanID: .bytes
        case .traceState: .string
        }
    }
}
