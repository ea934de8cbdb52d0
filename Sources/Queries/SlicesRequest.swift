package import Store

/// `/v1/slices`: from parameters to the query, and how its answer is to be written.
package struct SlicesRequest: Sendable {
    package enum Format: String, Sendable { case json, rows }

    package let query: SliceQuery
    package let format: Format

    package static let parameters =
        QueryParameters.common + ["by", "unit", "order", "limit", "format"]

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        query = SliceQuery(
            by: try parameters.fields("by"), condition: try parameters.condition(),
            failure: try parameters.failure(), unit: try parameters.unit(),
            range: try parameters.range(), order: try Self.order(parameters.parameters["order"]),
            limit: try parameters.limit())
        format = Format(rawValue: try parameters.choice("format", of: ["json", "rows"])) ?? .json
    }

    private static func order(_ text: String?) throws -> RowOrder {
        guard let text else { return RowOrder(.failures) }
        let isAscending = text.hasPrefix("-")
        let name = isAscending ? String(text.dropFirst()) : text
        guard let figure = Figure(rawValue: name) else {
            let names = Figure.allCases.map(\.rawValue)
            let near = NearestName.of(name, among: names)
            throw QueryFailure(
                "bad_order",
                "order=\(text): "
                    + (near.isEmpty
                        ? "it is one of \(names.joined(separator: ", "))"
                        : "did you mean \(near[0])?"))
        }
        return RowOrder(figure, isAscending: isAscending)
    }

    /// Refuses names in `by` that no span has and that are not canonical.
    package func check(_ names: KnownNames) throws {
        for field in query.by {
            let isKnown =
                switch field.scope {
                case .any, .root:
                    names.canonical.contains(field.name) || names.raw.contains(field.name)
                case .event: names.event.contains(field.name)
                case .span, .resource, .scope, .attribute: names.raw.contains(field.name)
                }
            if isKnown { continue }
            let near = NearestName.of(field.name, among: Set(names.canonical).union(names.raw))
            throw QueryFailure(
                "unknown_dimension",
                "no span has \(field)"
                    + (near.isEmpty
                        ? "" : "; the closest names are \(near.joined(separator: ", "))"))
        }
    }
}
