internal import Store

/// The columns of a table for the figures that were asked for, beside another window each with what it was.
struct FigureColumns {
    private let figures: FigureRows
    /// Whose earlier value is shown: where nothing was asked for, the rate's says enough.
    private let compared: Set<String>

    init(_ figures: FigureRows) {
        self.figures = figures
        let names = figures.figures.map(\.name)
        compared = figures.figures == NamedFigure.counts ? ["failure_rate"] : Set(names)
    }

    /// Whether failures are among them. Their trend, and the chance of a change in their rate, would be taken
    /// for those of a cost or a latency that stands alone.
    var areOfFailures: Bool {
        figures.figures.contains { named in
            [.failures, .failureRate, .failureRateLow, .failureRateHigh, .shareOfFailures]
                .contains(named.figure)
        }
    }

    private var hasChance: Bool { figures.hasBefore && areOfFailures }

    var columns: [TextTable.Column] {
        var columns: [TextTable.Column] = []
        for named in figures.figures {
            columns.append(.init(title: named.name.uppercased()))
            if isCompared(named) { columns.append(.init(title: "BEFORE")) }
        }
        return hasChance ? columns + [.init(title: "P")] : columns
    }

    func cells(_ now: SliceFigures, before: SliceFigures) -> [String] {
        var cells: [String] = []
        for named in figures.figures {
            let figure = named.figure
            cells.append(
                HumanText.value(figures.value(figure, now, before: before), of: figure))
            if isCompared(named) {
                cells.append(HumanText.value(figures.valueBefore(figure, before), of: figure))
            }
        }
        guard hasChance else { return cells }
        return cells
            + [HumanText.value(figures.value(.pValue, now, before: before), of: .pValue)]
    }

    private func isCompared(_ named: NamedFigure) -> Bool {
        figures.hasBefore && compared.contains(named.name)
    }
}
