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

    /// The longest bar, in characters.
    private static let barMax = 20

    /// What the bars show: the failure rate if it was asked for, else the first figure that is no count.
    private func drawn(_ step: SliceFigures) -> Double? {
        let asked = query.stepFigures.map(\.figure)
        let figure =
            asked.first { $0 == .failureRate } ?? asked.first { $0 != .count } ?? .count
        return figures.value(figure, step, before: nil).number
    }

    var bytes: [UInt8] {
        guard let grid = answer.grid else { return [] }
        var lines = [
            HeaderText.of(query, answer, zone: request.zone)
                + " · step \(SeriesRequest.text(step: grid.nanoseconds))"
        ]
        var columns: [TextTable.Column] = [.init(title: "TIME", isRightAligned: false)]
        columns += FigureColumns(figures).columns
        columns += query.by.map { .init(title: $0.description.uppercased(), isRightAligned: false) }
        columns.append(.init(title: "", isRightAligned: false))
        var table = TextTable(columns)
        let greatest = answer.rows.flatMap(\.figures.steps).compactMap(drawn).max() ?? 0
        for step in 0..<grid.count {
            for row in answer.rows {
                table.add(line(step, row, grid, greatest))
            }
        }
        lines += table.lines(width: request.width)
        lines += answer.coverage.hints(zone: request.zone)
        return DisplayWidth.page(lines)
    }

    private func line(
        _ step: Int, _ row: SliceRow, _ grid: StepGrid, _ greatest: Double
    ) -> [String] {
        let now = row.figures.steps[step]
        let before =
            row.figures.stepsBefore.isEmpty
            ? SliceFigures(query.stepPlan) : row.figures.stepsBefore[step]
        var cells = [HumanText.time(grid.time(of: step), zone: request.zone)]
        cells += FigureColumns(figures).cells(now, before: before)
        cells += zip(query.by, row.key).map { HumanText.value($1, of: $0) }
        let amount = max(0, drawn(now) ?? 0)
        let length = greatest > 0 ? Int((amount / greatest * Double(Self.barMax)).rounded()) : 0
        return cells + [String(repeating: "▇", count: length)]
    }
}
