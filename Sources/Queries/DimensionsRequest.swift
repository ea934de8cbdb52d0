internal import JSON
package import Store

/// `/v1/dimensions`: every dimension, or with `name` the values of one.
package struct DimensionsRequest: Sendable {
    package enum Question: Sendable {
        case all(DimensionsQuery)
        case values(SliceQuery)
    }

    package let question: Question
    package let format: RowFormat
    package let range: TimeRange
    private let width: Int
    private let zone: String

    private static let name = Parameter(
        "name", "One dimension, whose values are asked for; without it all dimensions are.",
        examples: ["tenant"])
    private static let distinct = Parameter(
        "distinct", "Whether the values of texts and ids are counted too; not together with name.",
        .oneOf(["short", "all"]), standard: "short")
    private static let forAll = Parameter.common + [distinct, .format, .width]
    private static let forValues =
        Parameter.common + [
            name, Parameter("prefix", "How values begin, in any case; goes with name."), .unit,
            Parameter(
                "order", "A figure to sort values by, greatest first; goes with name.",
                standard: "count"),
            .limit, .format, .width,
        ]
    package static let parameters = forValues + [distinct]

    package init(_ parameters: QueryParameters) throws {
        let given = parameters.parameters
        format = try parameters.format()
        width = try parameters.width()
        zone = given["tz"] ?? "UTC"
        range = try parameters.range()
        guard given["name"] != nil else {
            if given["prefix"] != nil {
                throw QueryFailure("bad_prefix", "prefix goes with name: whose values?")
            }
            try given.allow(only: Self.forAll + [Self.name])
            let text = try parameters.choice(Self.distinct)
            question = .all(
                DimensionsQuery(
                    condition: try parameters.condition(), failure: try parameters.failure(),
                    range: range, countsAll: text == "all"))
            return
        }
        try given.allow(only: Self.forValues)
        let names = try parameters.fields("name")
        guard names.count == 1 else {
            throw QueryFailure("bad_name", "name is one dimension, such as tenant")
        }
        let query = SliceQuery(
            by: names, condition: try parameters.condition(), failure: try parameters.failure(),
            unit: try parameters.unit(), range: range,
            figures: NamedFigure.counts,
            order: given["order"] == nil ? RowOrder(.count) : try parameters.order(),
            limit: try parameters.limit(), valuePrefix: given["prefix"])
        try query.checkOrder()
        question = .values(query)
    }

    // MARK: All dimensions

    package func body(_ answer: DimensionsAnswer) -> [UInt8] {
        switch format {
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.key("dimensions")
                json.array { json in
                    for dimension in answer.dimensions {
                        json.newline()
                        FlatRow(cells: cells(dimension)).write(&json)
                    }
                }
                json.newline()
                json.key("coverage")
                answer.coverage.write(&json)
            }
            json.newline()
            return json.bytes
        case .text: return text(answer)
        case .rows, .ndjson, .csv:
            return format.body(
                answer.dimensions.map { FlatRow(cells: cells($0)) },
                names: ["name", "type", "list", "count", "distinct", "canonical", "sources"])
        }
    }

    private func cells(_ dimension: DimensionSummary) -> [FlatRow.Cell] {
        let distinct = dimension.distinct.map { GroupValue.integer(Int64($0)) } ?? .null
        return [
            .init("name", .text(dimension.name)), .init("type", .text(dimension.kind.rawValue)),
            .init("list", .flag(dimension.isList)),
            .init("count", .group(.integer(Int64(dimension.count)), Field("count"))),
            .init("distinct", .group(distinct, Field("distinct"))),
            .init("canonical", .flag(dimension.isCanonical)),
            .init("sources", .texts(dimension.sources)),
        ]
    }

    private func text(_ answer: DimensionsAnswer) -> [UInt8] {
        var table = TextTable([
            .init(title: "SPANS"), .init(title: "DISTINCT"),
            .init(title: "TYPE", isRightAligned: false),
            .init(title: "DIMENSION", isRightAligned: false),
            .init(title: "FROM", isRightAligned: false, sacrifice: 1),
        ])
        for dimension in answer.dimensions {
            table.add([
                HumanText.count(dimension.count),
                dimension.distinct.map(HumanText.count) ?? HumanText.none,
                dimension.kind.rawValue + (dimension.isList ? "[]" : ""), dimension.name,
                dimension.isCanonical ? dimension.sources.joined(separator: " ") : "(as sent)",
            ])
        }
        let lines =
            table.lines(width: width)
            + [
                "\(HumanText.count(answer.coverage.spans)) spans · "
                    + HumanText.range(answer.coverage.range, answer.coverage, zone: zone)
            ]
        return DisplayWidth.page(lines)
    }

    // MARK: Values of one

    package func body(_ answer: SliceAnswer, _ query: SliceQuery) -> [UInt8] {
        let figures = FigureRows(query.figures, query.plan, total: answer.total)
        let rows = answer.rows.map { row in
            FlatRow(
                cells: [.init("value", .group(row.key[0], query.by[0]))]
                    + figures.cells(row.figures.now, before: nil))
        }
        switch format {
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.member("name", query.by[0].description)
                json.member("unit", query.unit.rawValue)
                json.key("values")
                json.array { json in
                    for row in rows {
                        json.newline()
                        row.write(&json)
                    }
                }
                json.newline()
                json.member("groups", answer.groups)
                json.key("coverage")
                answer.coverage.write(&json)
            }
            json.newline()
            return json.bytes
        case .text:
            var table = TextTable([
                .init(title: "COUNT"), .init(title: "FAILED"), .init(title: "RATE"),
                .init(title: query.by[0].description.uppercased(), isRightAligned: false),
            ])
            for row in answer.rows {
                table.add([
                    HumanText.count(row.figures.now.count),
                    HumanText.count(row.figures.now.failures),
                    HumanText.percent(row.figures.now.failureRate),
                    HumanText.value(row.key[0], of: query.by[0]),
                ])
            }
            let more = answer.groups - answer.rows.count
            let lines =
                table.lines(width: width)
                + (more > 0 ? ["and \(HumanText.count(more)) more"] : [])
                + answer.coverage.hints(zone: zone)
            return DisplayWidth.page(lines)
        case .rows, .ndjson, .csv:
            return format.body(rows, names: ["value"] + query.figures.map(\.name))
        }
    }
}
