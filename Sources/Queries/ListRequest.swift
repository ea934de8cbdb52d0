internal import Spans
package import Store

/// `/v1/traces` and `/v1/spans`: from parameters to the query, and how its answer is to be written.
package struct ListRequest: Sendable {
    package let query: ListQuery
    package let format: RowFormat
    /// What each row shows; of a span in JSON nil is all of it.
    let fields: [Field]?
    let width: Int
    let zone: String

    package static func parameters(of unit: Unit) -> [Parameter] {
        let fields =
            unit == .span
            ? Parameter.fields
            : Parameter(
                "fields", Parameter.fields.meaning, .list,
                standard: ListRows.standard[.trace, default: []].joined(separator: ","),
                examples: Parameter.fields.examples)
        return Parameter.common + [
            fields, order, .limit(most: limitMax), .cursor, .format, .width,
        ]
    }
    private static let order = Parameter(
        "order", "The newest first, or the longest; a minus reverses the order.",
        .oneOf(orders.map(\.name)), standard: orders[0].name)
    /// Rows a page at most: an answer is made whole in memory, and so are all spans of its traces.
    package static let limitMax = 1000

    private static let orders: [(name: String, order: ListQuery.Order)] = [
        ("start_time", .newest), ("-start_time", .oldest), ("duration", .longest),
        ("-duration", .shortest),
    ]

    package init(_ parameters: QueryParameters, of unit: Unit) throws {
        let given = parameters.parameters
        try given.allow(only: Self.parameters(of: unit))
        let name = try parameters.choice(Self.order)
        query = ListQuery(
            unit, condition: try parameters.condition(), failure: try parameters.failure(),
            range: try parameters.range(),
            order: Self.orders.first { $0.name == name }?.order ?? .newest,
            limit: try parameters.limit(most: Self.limitMax) ?? Self.limitMax,
            after: try given["cursor"].map { try ListQuery.Cursor($0, of: unit) })
        let chosen = try parameters.fields("fields")
        fields = chosen.isEmpty ? nil : chosen
        format = try parameters.format()
        width = try parameters.width()
        zone = given["tz"] ?? "UTC"
    }

    /// Refuses names that no span has and that are not canonical.
    package func check(_ names: KnownNames) throws {
        try SliceQuery(by: fields ?? []).check(names)
    }

    package func body(_ answer: ListAnswer) -> [UInt8] {
        switch format {
        case .json: ListJSON(self, answer).bytes
        case .text: ListText(self, answer).bytes
        case .rows, .ndjson, .csv: ListRows(self, answer).flat(in: format)
        }
    }
}

extension ListQuery.Cursor {
    /// - Parameter text: as an answer gave it.
    init(_ text: String, of unit: Unit) throws {
        let parts = text.split(separator: ".")
        let wrong = QueryFailure("bad_cursor", "cursor=\(text) is none that an answer gave")
        guard parts.count == (unit == .trace ? 2 : 5), let value = Int64(parts[0]),
            let trace = Hex.bytes(parts[1]), trace.count == 16
        else { throw wrong }
        self.init(value: value, key: ListQuery.Key(traceID: trace))
        if unit == .trace { return }
        guard let id = UInt64(parts[2], radix: 16), let kind = UInt64(parts[3]),
            let start = Int64(parts[4])
        else { throw wrong }
        key.span = .init(id: id, kind: kind, start: start)
    }

    /// For the question after the next page.
    package var text: String {
        let trace = "\(value).\(Hex.text(key.traceID))"
        guard let span = key.span else { return trace }
        return trace + ".\(Hex.text(spanID: span.id)).\(span.kind).\(span.start)"
    }
}
