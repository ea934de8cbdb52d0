internal import HTTP
internal import HTTPTypes
internal import JSON
internal import Queries
internal import Spans
internal import Store
internal import Wire

/// `POST /v1/spans?explain=1`: how spans would be read, to find out why a dimension is empty. Stores nothing.
enum ExplainRoute {
    static let parameter = Parameter(
        "explain", "With 1 nothing is stored; the answer says how each key would be read.",
        .number(0...1), standard: "0")

    /// Spans of a body that are explained; the rest is only counted.
    static let spansMax = 100

    static func answer(
        _ batch: SpanBatch, _ report: ReadReport, _ service: Service
    ) async throws -> Response {
        var shown = batch
        while shown.count > spansMax {
            let last = UInt64(shown.count - 1)
            shown.removeLastSpan(
                eventsBefore: shown.events.firstRow(EventField.span, of: last),
                linksBefore: shown.links.firstRow(LinkField.span, of: last))
        }
        let explanations = try await service.store.explain(shown, reserved: nativeSpanKeys)
        var json = JSONWriter()
        json.object { json in
            json.member("stored", false)
            json.member("accepted", report.accepted)
            IngestRoutes.refusals(report, &json)
            json.key("spans")
            json.array { json in
                for explanation in explanations {
                    json.newline()
                    ExplanationJSON(explanation).write(&json)
                }
            }
        }
        json.newline()
        let isRefused = report.accepted == 0 && report.rejected > 0
        return .json(json.bytes, isRefused ? .badRequest : .ok)
    }
}

extension TableBuilder {
    /// Where the rows of a span begin: its rows are the last ones.
    fileprivate func firstRow(_ field: some TableField, of span: UInt64) -> Int {
        var row = rowCount
        while row > 0, number(field, row - 1) >= span { row -= 1 }
        return row
    }
}
