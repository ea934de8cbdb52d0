package import Store

/// `/v1/slices`: from parameters to the query, and how its answer is to be written.
package struct SlicesRequest: Sendable {
    package let query: SliceQuery
    package let format: RowFormat
    /// Whether a row that is left is an alarm.
    package let isCheck: Bool
    let width: Int
    let zone: String

    package static let parameters =
        Parameter.common + [
            .by, .unit, .figures(NamedFigure.standard), .having, .order, .vs, .limit, .check,
            .format,
            .width,
        ]
    /// Steps of the trend that a terminal shows beside each row.
    private static let trendSteps = 8

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        let range = try parameters.range()
        format = try parameters.format()
        isCheck = try parameters.check()
        width = try parameters.width()
        zone = parameters.parameters["tz"] ?? "UTC"
        query = SliceQuery(
            by: try parameters.fields("by"), condition: try parameters.condition(),
            failure: try parameters.failure(), unit: try parameters.unit(), range: range,
            before: try parameters.before(range),
            figures: try parameters.figures("calc", otherwise: NamedFigure.standard),
            having: try parameters.having(), order: try parameters.order(),
            limit: try parameters.limit(),
            steps: format == .text ? .equal(count: Self.trendSteps) : nil,
            stepFigures: NamedFigure.counts)
        try query.checkOrder()
    }
}

extension SliceQuery {
    /// Refuses what cannot be sorted by or compared.
    func checkOrder() throws {
        if case .aggregate(.histogram, _) = order.figure {
            throw QueryFailure("bad_order", "order: a histogram cannot be sorted by")
        }
        if choosing.contains(.pValue), before == nil {
            throw QueryFailure(
                "bad_order", "p_value compares two windows: give vs=previous, 24h or T1..T2")
        }
    }

    /// Refuses names in `by`, `calc`, `having` and `order` that no span has and that are not canonical.
    package func check(_ names: KnownNames) throws {
        for field in fields where !names.contains(field) {
            let near = names.nearest(field)
            throw QueryFailure(
                "unknown_dimension",
                "no span has \(field)"
                    + (near.isEmpty
                        ? "" : "; the closest names are \(near.joined(separator: ", "))"))
        }
    }
}
