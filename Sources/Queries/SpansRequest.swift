internal import JSON
internal import Spans
package import Store

/// `/v1/spans`: from parameters to the query, and how its answer is to be written.
package struct SpansRequest: Sendable {
    package let query: SpanQuery
    /// What each span shows; empty for all of it.
    private let fields: [Field]

    package static let parameters =
        Parameter.common + [.fields, order, .limit(most: limitMax), .cursor]
    private static let order = Parameter(
        "order", "The newest first, or the longest.", .oneOf(["start_time", "duration"]),
        standard: "start_time")
    /// Spans a page at most: an answer is made whole in memory.
    package static let limitMax = 1000

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        let order = try parameters.choice(Self.order)
        query = SpanQuery(
            condition: try parameters.condition(), failure: try parameters.failure(),
            range: try parameters.range(), order: order == "duration" ? .longest : .newest,
            limit: try parameters.limit(most: Self.limitMax) ?? Self.limitMax,
            after: try parameters.parameters["cursor"].map(Self.cursor))
        fields = try parameters.fields("fields")
    }

    // MARK: Cursors

    private static func cursor(_ text: String) throws -> SpanQuery.Cursor {
        let parts = text.split(separator: ".")
        guard parts.count == 5, let value = Int64(parts[0]), let trace = Hex.bytes(parts[1]),
            trace.count == 16, let span = UInt64(parts[2], radix: 16), let kind = UInt64(parts[3]),
            let start = Int64(parts[4])
        else {
            throw QueryFailure("bad_cursor", "cursor=\(text) is none that an answer gave")
        }
        return SpanQuery.Cursor(
            value: value,
            key: SpanQuery.Key(traceID: trace, spanID: span, kind: kind, start: start))
    }

    private static func text(_ cursor: SpanQuery.Cursor) -> String {
        let key = cursor.key
        return "\(cursor.value).\(Hex.text(key.traceID)).\(Hex.text(spanID: key.spanID))"
            + ".\(key.kind).\(key.start)"
    }

    // MARK: Answers

    package func body(_ answer: SpanAnswer) -> [UInt8] {
        let writer = SpanJSON(answer.rows)
        var json = JSONWriter()
        json.object { json in
            json.key("spans")
            json.array { json in
                for row in answer.rows.shown {
                    json.newline()
                    if fields.isEmpty {
                        writer.write(row, &json)
                    } else {
                        writer.write(row, fields, &json)
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
