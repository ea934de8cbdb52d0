internal import JSON
internal import Spans
package import Store

/// `GET /v1/traces`: a row for each trace.
package struct TracesRequest: Sendable {
    package let query: TraceQuery
    package let format: RowFormat
    private let fields: [Field]
    private let width: Int
    private let zone: String

    package static let parameters =
        Parameter.common + [fieldsShown, order, .limit(most: limitMax), .cursor, .format, .width]
    private static let fieldsShown = Parameter(
        "fields", Parameter.fields.meaning, .list, standard: standard.joined(separator: ","),
        examples: Parameter.fields.examples)
    private static let order = Parameter(
        "order", "The newest first, or the longest; a minus reverses the order.",
        .oneOf(["start_time", "-start_time", "duration", "-duration"]), standard: "start_time")
    /// Traces a page at most: an answer is made whole in memory, and so are all their spans.
    package static let limitMax = 1000

    /// What a row shows unless `fields` says otherwise.
    private static let standard = [
        "start_time", "duration", "status", "tenant", "model", "tool.sequence", "prompt.text",
        "output.text",
    ]

    private static let orders: [String: TraceQuery.Order] = [
        "start_time": .newest, "-start_time": .oldest, "duration": .longest,
        "-duration": .shortest,
    ]

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        let order = try parameters.choice(Self.order)
        query = TraceQuery(
            condition: try parameters.condition(), failure: try parameters.failure(),
            range: try parameters.range(), order: Self.orders[order] ?? .newest,
            limit: try parameters.limit(most: Self.limitMax) ?? Self.limitMax,
            after: try parameters.parameters["cursor"].map(Self.cursor))
        let chosen = try parameters.fields("fields")
        fields = chosen.isEmpty ? Self.standard.map { Field($0) } : chosen
        format = try parameters.format()
        width = try parameters.width()
        zone = parameters.parameters["tz"] ?? "UTC"
    }

    /// Refuses names that no span has and that are not canonical.
    package func check(_ names: KnownNames) throws {
        try SliceQuery(by: fields).check(names)
    }

    // MARK: Cursors

    private static func cursor(_ text: String) throws -> TraceQuery.Cursor {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let value = Int64(parts[0]), let id = Hex.bytes(parts[1]),
            id.count == 16
        else { throw QueryFailure("bad_cursor", "cursor=\(text) is none that an answer gave") }
        return TraceQuery.Cursor(value: value, traceID: id)
    }

    private static func text(_ cursor: TraceQuery.Cursor) -> String {
        "\(cursor.value).\(Hex.text(cursor.traceID))"
    }

    // MARK: Answers

    /// Where the next page begins, for formats that have no room for it.
    package func cursor(_ answer: TraceAnswer) -> String? { answer.next.map(Self.text) }

    package func body(_ answer: TraceAnswer) -> [UInt8] {
        let values = TraceFields(answer.rows)
        switch format {
        case .json: return json(answer, values)
        case .text:
            return TracesText(fields, answer, values, zone: zone).bytes(width: width)
        case .rows, .ndjson, .csv:
            let rows = answer.traces.map { trace in
                FlatRow(
                    cells: [.init("trace_id", .text(Hex.text(trace.id)))]
                        + fields.map {
                            .init($0.description, .values(values.values(of: $0, trace), $0))
                        })
            }
            return format.body(rows, names: ["trace_id"] + fields.map(\.description))
        }
    }

    private func json(_ answer: TraceAnswer, _ values: TraceFields) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("traces")
            json.array { json in
                for trace in answer.traces {
                    json.newline()
                    json.object { json in
                        json.member("trace_id", Hex.text(trace.id))
                        json.member("failed", trace.hasFailed)
                        json.member("spans", values.spanCount(trace))
                        for field in fields {
                            json.key(field.description)
                            json.value(values.values(of: field, trace), of: field)
                        }
                    }
                }
            }
            json.newline()
            json.key("cursor")
            if let next = answer.next { json.value(Self.text(next)) } else { json.null() }
            json.key("coverage")
            answer.coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }
}
