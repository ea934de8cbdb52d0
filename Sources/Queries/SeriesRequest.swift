internal import JSON
internal import Spans
package import Store

/// `/v1/series`: slices for each step of time.
package struct SeriesRequest: Sendable {
    package let query: SliceQuery
    package let format: RowFormat
    package let isCheck: Bool
    let width: Int
    let zone: String

    package static let parameters =
        SlicesRequest.parameters.filter { $0.name != "calc" } + [
            .figures(NamedFigure.counts),
            Parameter(
                "step",
                "The length of a step, a duration or seconds; without it the range has at most "
                    + "\(StepGrid.automaticMax) steps.", examples: ["10s", "1m", "1h"]),
        ]

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        format = try parameters.format()
        isCheck = try parameters.check()
        width = try parameters.width()
        zone = parameters.parameters["tz"] ?? "UTC"
        var step = try parameters.step()
        var range = try parameters.range()
        if step == nil, let from = range.from, let to = range.to, from > 0 {
            step = StepGrid.easyNanoseconds(over: to.minus(from))
        }
        range = try parameters.range(step: step)
        let before = try parameters.before(range)
        if let before, let from = range.from, let to = range.to, let start = before.from,
            let end = before.to, end.minus(start) != to.minus(from)
        {
            throw QueryFailure(
                "bad_time", "vs is as long as the range, so that steps stand beside steps")
        }
        let figures = try parameters.figures("calc", otherwise: NamedFigure.counts)
        query = SliceQuery(
            by: try parameters.fields("by"), condition: try parameters.condition(),
            failure: try parameters.failure(), unit: try parameters.unit(), range: range,
            before: before, figures: figures, having: try parameters.having(),
            order: try parameters.order(), limit: try parameters.limit(),
            steps: .aligned(nanoseconds: step), stepFigures: figures)
        try query.checkOrder()
    }
}

extension SeriesRequest {
    package func body(_ answer: SliceAnswer) -> [UInt8] {
        switch format {
        case .json: json(answer)
        case .text: SeriesText(self, answer).bytes
        case .rows, .ndjson, .csv:
            format.body(flatRows(answer), names: flatNames(answer))
        }
    }

    private func figures(_ answer: SliceAnswer) -> FigureRows {
        FigureRows(query.stepFigures, query.stepPlan, total: answer.total)
    }

    // MARK: JSON

    private func json(_ answer: SliceAnswer) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            query.write(&json)
            if let grid = answer.grid { json.member("step", Self.text(step: grid.nanoseconds)) }
            json.key("rows")
            json.array { json in
                for row in answer.rows { write(row.figures, key: row.key, answer, &json) }
            }
            json.newline()
            json.key("total")
            json.object { json in
                FigureRows(query.figures, query.plan, total: answer.total)
                    .write(answer.total.now, before: answer.total.before, &json)
            }
            json.key("other")
            if let other = answer.other {
                json.array { write(other, key: nil, answer, &$0) }
            } else {
                json.null()
            }
            json.member("groups", answer.groups)
            json.member("failing_groups", answer.failingGroups)
            json.key("coverage")
            answer.coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private func write(
        _ row: RowFigures, key: [GroupValue]?, _ answer: SliceAnswer, _ json: inout JSONWriter
    ) {
        guard let grid = answer.grid else { return }
        let figures = figures(answer)
        for step in row.steps.indices {
            json.newline()
            json.object { json in
                json.member("time", Timestamp.text(grid.time(of: step)))
                if let key, !query.by.isEmpty { query.writeSlice(key, &json) }
                figures.write(
                    row.steps[step],
                    before: row.stepsBefore.isEmpty ? nil : row.stepsBefore[step], &json)
                if grid.isPartial(step) { json.member("partial", true) }
            }
        }
    }

    /// `60s`, or with a fraction where a step has one.
    static func text(step: Int64) -> String {
        step % 1_000_000_000 == 0
            ? "\(step / 1_000_000_000)s" : AttributeValue.json(Double(step) / 1e9) + "s"
    }

    // MARK: Flat

    private func flatNames(_ answer: SliceAnswer) -> [String] {
        let figures = figures(answer).columnNames
        return ["time"] + query.by.columnNames(beside: ["time"] + figures + ["partial"])
            + figures + ["partial"]
    }

    /// One time column, numbers as numbers: what Grafana's Infinity takes as it is.
    private func flatRows(_ answer: SliceAnswer) -> [FlatRow] {
        guard let grid = answer.grid else { return [] }
        let figures = figures(answer)
        let names = flatNames(answer).dropFirst()
        var rows: [FlatRow] = []
        for row in answer.rows {
            for step in row.figures.steps.indices {
                let before = row.figures.stepsBefore
                var cells: [FlatRow.Cell] = [.init("time", .time(grid.time(of: step)))]
                cells += zip(names, zip(query.by, row.key)).map { .init($0, .group($1.1, $1.0)) }
                cells += figures.cells(
                    row.figures.steps[step], before: before.isEmpty ? nil : before[step])
                cells.append(.init("partial", .flag(grid.isPartial(step))))
                rows.append(FlatRow(cells: cells))
            }
        }
        return rows
    }
}
