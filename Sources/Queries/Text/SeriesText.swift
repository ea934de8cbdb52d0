internal import Spans
internal import Store

/// The answer of `/v1/series` as a table: a line for each step and group, those of one step together.
struct SeriesText {
    private let request: SeriesRequest
    private let answer: SliceAnswer
    private let figures: FigureRows
    private var query: SliceQuery { request.query }

    init(_ request: SeriesRequest, _ answer: SliceAnswer) {
        self.request = request
        self.answer = answer
        figures = FigureRows(
            request.query.stepFigures, request.query.stepPlan, total: answer.total)
    }

    /// A bar of the failure rate as long as this at 100 %.
    private static let barMax = 20

    var bytes: [UInt8] {
        guard let grid = answer.grid else { return [] }
        var lines = [
            HeaderText.of(query, answer, zone: request.zone)
                + " · step \(SeriesRequest.text(step: grid.nanoseconds))"
        ]
        var columns: [TextTable.Column] = [.init(title: "TIME", isRightAligned: false)]
        columns += query.stepFigures.map { .init(title: $0.name.uppercased()) }
        if figures.hasBefore { columns += [.init(title: "BEFORE"), .init(title: "P")] }
        columns += query.by.map { .init(title: $0.description.uppercased(), isRightAligned: false) }
        columns.append(.init(title: "", isRightAligned: false))
        var table = TextTable(columns)
        let greatest = answer.rows.flatMap(\.figures.steps).compactMap(\.failureRate).max() ?? 0
        for step in 0..<grid.count {
            for row in answer.rows {
                table.add(line(step, row, grid, greatest))
            }
        }
        lines += table.lines(width: request.width)
        lines += answer.coverage.hints
        return DisplayWidth.page(lines)
    }

    private func line(
        _ step: Int, _ row: SliceRow, _ grid: StepGrid, _ greatest: Double
    ) -> [String] {
        let now = row.figures.steps[step]
        let before = row.figures.stepsBefore.isEmpty ? nil : row.figures.stepsBefore[step]
        var cells = [HumanText.time(grid.time(of: step), zone: request.zone)]
        cells += query.stepFigures.map {
            HumanText.value(figures.value($0.figure, now, before: before), of: $0.figure)
        }
        if figures.hasBefore {
            cells += [
                HumanText.percent(before?.failureRate),
                HumanText.value(figures.value(.pValue, now, before: before), of: .pValue),
            ]
        }
        cells += zip(query.by, row.key).map { HumanText.value($1, of: $0) }
        let rate = now.failureRate ?? 0
        let length = greatest > 0 ? Int((rate / greatest * Double(Self.barMax)).rounded()) : 0
        return cells + [String(repeating: "▇", count: length)]
    }
}
