internal import JSON
internal import Spans
internal import Store

/// The figures of rows under the names that were asked for.
struct FigureRows {
    let figures: [NamedFigure]
    private let plan: FigurePlan
    private let total: RowFigures
    /// Whether another window stands beside.
    let hasBefore: Bool

    /// - Parameter plan: what the figures were summed by.
    init(_ figures: [NamedFigure], _ plan: FigurePlan, total: RowFigures) {
        self.figures = figures
        self.plan = plan
        self.total = total
        hasBefore = total.before != nil
    }

    func value(_ figure: Figure, _ figures: SliceFigures, before: SliceFigures?) -> FigureValue {
        figures.value(
            of: figure, plan,
            FigureContext(
                totalCount: total.now.count, totalFailures: total.now.failures, before: before))
    }

    /// A figure of the other window, shares being those of that window.
    func valueBefore(_ figure: Figure, _ figures: SliceFigures) -> FigureValue {
        figures.value(
            of: figure, plan,
            FigureContext(
                totalCount: total.before?.count ?? 0, totalFailures: total.before?.failures ?? 0))
    }

    /// As members of an object: `count`, …, and beside another window `before` and `p_value`.
    func write(_ now: SliceFigures, before: SliceFigures?, _ json: inout JSONWriter) {
        for named in figures {
            json.key(named.name)
            json.value(value(named.figure, now, before: before), of: named.figure)
        }
        guard hasBefore else { return }
        json.key("before")
        json.object { json in
            for named in figures {
                json.key(named.name)
                json.value(
                    valueBefore(named.figure, before ?? SliceFigures(plan)), of: named.figure)
            }
        }
        json.key("p_value")
        json.value(value(.pValue, now, before: before ?? SliceFigures(plan)), of: .pValue)
    }

    /// The names of the cells of a flat row.
    var columnNames: [String] {
        let names = figures.map(\.name)
        return hasBefore ? names + names.map { "before_" + $0 } + ["p_value"] : names
    }

    /// As cells of a flat row: `count`, …, `before_count`, …, `p_value`.
    func cells(_ now: SliceFigures, before: SliceFigures?) -> [FlatRow.Cell] {
        var cells = figures.map { named in
            FlatRow.Cell(
                named.name,
                .figure(value(named.figure, now, before: before), named.figure))
        }
        guard hasBefore else { return cells }
        let earlier = before ?? SliceFigures(plan)
        cells += figures.map { named in
            FlatRow.Cell(
                "before_" + named.name,
                .figure(valueBefore(named.figure, earlier), named.figure))
        }
        cells.append(
            FlatRow.Cell("p_value", .figure(value(.pValue, now, before: earlier), .pValue)))
        return cells
    }
}
