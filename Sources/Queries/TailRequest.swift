internal import JSON
package import Store

/// `/v1/tail`: spans as they are committed.
package struct TailRequest: Sendable {
    package enum Format: String, Sendable, CaseIterable {
        /// Server-Sent Events (html.spec.whatwg.org, 9.2).
        case sse
        case ndjson

        package var contentType: String {
            switch self {
            case .sse: "text/event-stream"
            case .ndjson: "application/x-ndjson"
            }
        }
    }

    package let query: TailQuery
    package let format: Format
    private let fields: [Field]

    package static let parameters: [Parameter] = [.condition, .failure, .fields, formats]
    private static let formats = Parameter(
        "format", "Server-Sent Events, or a line of JSON for each span.",
        .oneOf(Format.allCases.map(\.rawValue)), standard: Format.sse.rawValue)

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        query = TailQuery(
            condition: try parameters.condition(), failure: try parameters.failure())
        if query.condition?.namesPercentile == true || query.failure.namesPercentile {
            throw QueryFailure(
                "bad_expression", "a percentile such as p95 needs a range, which a tail has not")
        }
        fields = try parameters.fields("fields")
        format = Format(rawValue: try parameters.choice(Self.formats)) ?? .sse
    }

    /// A piece of the stream: the spans of a page, how many were skipped, or a sign of life.
    package func piece(_ page: TailPage) -> [UInt8] {
        var bytes: [UInt8] = []
        if page.skipped > 0 {
            var json = JSONWriter()
            json.object { $0.member("skipped", page.skipped) }
            bytes += line(json.bytes, event: "skipped")
        }
        if let rows = page.rows {
            let writer = SpanJSON(rows)
            for row in rows.shown {
                var json = JSONWriter()
                if fields.isEmpty {
                    writer.write(row, &json)
                } else {
                    writer.write(row, fields, &json)
                }
                bytes += line(json.bytes, event: nil)
            }
        }
        if !bytes.isEmpty || page.rows != nil { return bytes }
        return Array((format == .sse ? ": \n\n" : "\n").utf8)
    }

    private func line(_ json: [UInt8], event: String?) -> [UInt8] {
        if format == .ndjson { return json + [10] }
        let name = event.map { "event: \($0)\n" } ?? ""
        return Array((name + "data: ").utf8) + json + [10, 10]
    }
}

extension Expression {
    fileprivate var namesPercentile: Bool {
        switch self {
        case .and(let parts), .or(let parts): parts.contains(where: \.namesPercentile)
        case .not(let inner), .span(let inner): inner.namesPercentile
        case .has, .failed: false
        case .comparison(let comparison):
            comparison.literals.contains { if case .percentile = $0 { true } else { false } }
        }
    }
}
