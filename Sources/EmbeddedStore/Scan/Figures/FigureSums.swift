internal import Spans
internal import Store

/// Sums the figures of a plan over a scan's units: for chosen groups each, for all other groups together, and
/// within them for each step of time. One pass for each sort of figure, over flat arrays.
struct FigureSums {
    private let scan: SliceScan
    private let plan: FigurePlan
    private let inputs: FigureInputs
    private let usage: UnitUsage?
    private let durations: [UInt64]
    private let grid: StepGrid?
    /// For each field of distinct values the query's code of each of the frame's.
    private let distinctCodes: [[UInt32]]
    private let stepCount: Int
    /// Of units; empty without steps.
    private let starts: [Int64]

    init(
        _ scan: SliceScan, _ plan: FigurePlan, grid: StepGrid?, distinctCodes: [[UInt32]]
    ) throws {
        self.scan = scan
        self.plan = plan
        self.grid = grid
        self.distinctCodes = distinctCodes
        stepCount = grid?.count ?? 1
        starts = stepCount > 1 ? try scan.units.starts().starts : []
        inputs = try scan.inputs(plan)
        durations = plan.needsDurations ? try scan.units.durations() : []
        let needsUsage = plan.needsUsage || inputs.numbers.contains(where: \.isOfCalls)
        usage = needsUsage ? try scan.usage() : nil
    }

    /// The figures of all units, each once; one for each step.
    func total() -> [SliceFigures] {
        let selection = scan.units.selection
        var cellOf = [Int32](repeating: 0, count: selection.count)
        addSteps(to: &cellOf, selection)
        let map = CellMap(units: selection, cellOf: cellOf, count: stepCount)
        return figures(map, CellCounts(map, scan.units.hasFailed), ofGroups: false)
    }

    /// The figures of chosen groups, and last those of all others together; of each one for each step.
    ///
    /// - Parameters:
    ///   - place: for each group its place among the chosen, or one of `KeyPlaces`.
    ///   - count: how many are chosen.
    func cells(place: [Int32], count: Int) -> [SliceFigures] {
        let cells = place.map { place -> Int32 in
            switch place {
            case KeyPlaces.nowhere: -1
            case KeyPlaces.other: Int32(count)
            default: place
            }
        }
        var cellOf = scan.groups.groupOf.map { cells[Int($0)] }
        addSteps(to: &cellOf, scan.groups.units)
        let map = CellMap(
            units: scan.groups.units, cellOf: cellOf, count: (count + 1) * stepCount)
        let counts =
            stepCount == 1
            ? CellCounts(scan.tallies, cells: cells, count: map.count)
            : CellCounts(map, scan.units.hasFailed)
        return figures(
            map, counts,
            // A span carries its own values.
            ofGroups: scan.query.unit == .trace)
    }

    /// Puts a step of time in each cell.
    private func addSteps(to cellOf: inout [Int32], _ units: UnitSelection) {
        guard let grid, stepCount > 1 else { return }
        // Units lie in the order of time, but for a few: mostly the step is that of the one before.
        var step = 0
        var from = Int64.max
        var to = Int64.min
        units.visit { position, unit in
            let start = starts[unit]
            if start < from || start >= to {
                step = grid.index(of: start)
                from = step == 0 ? .min : grid.time(of: step)
                to = step == grid.count - 1 ? .max : grid.time(of: step + 1)
            }
            if cellOf[position] >= 0 {
                cellOf[position] = cellOf[position] * Int32(stepCount) + Int32(step)
            }
        }
    }

    /// - Parameter ofGroups: of model calls only those count that carry the values of the unit's group.
    private func figures(
        _ map: CellMap, _ counts: CellCounts, ofGroups: Bool
    ) -> [SliceFigures] {
        var cells = (0..<map.count).map { cell in
            var figures = SliceFigures(plan)
            figures.count = counts.units[cell]
            figures.failures = counts.failures[cell]
            return figures
        }
        if plan.needsDurations {
            let durations = CellDurations(map, durations, unitCounts: counts.units)
            for cell in cells.indices where cells[cell].count > 0 {
                durations.write(cell, unitCount: cells[cell].count, to: &cells[cell])
            }
        }
        if plan.needsUsage, let usage {
            let used = CellUsage(map, usage, ofGroups ? scan.groups : nil)
            for cell in cells.indices where cells[cell].count > 0 {
                used.write(cell, to: &cells[cell])
            }
        }
        if !inputs.numbers.isEmpty || !inputs.distinct.isEmpty {
            addInputs(map, ofGroups, to: &cells)
        }
        return cells
    }

    private func addInputs(_ map: CellMap, _ ofGroups: Bool, to cells: inout [SliceFigures]) {
        map.units.visit { position, unit in
            let cell = Int(map.cellOf[position])
            if cell < 0 { return }
            for (index, input) in inputs.numbers.enumerated() {
                guard input.isOfCalls, let usage else {
                    input.visit(unit) { cells[cell].numbers[index].add($0) }
                    continue
                }
                func add(_ call: Int) {
                    if !input.isCost {
                        input.visit(row: usage.row(ofCall: call)) {
                            cells[cell].numbers[index].add($0)
                        }
                    } else if let cost = usage.cost(ofCall: call) {
                        // What the price table says counts too, which the field itself does not know.
                        cells[cell].numbers[index].add(.double(cost))
                    }
                }
                if ofGroups {
                    scan.groups.withCodes(of: Int(scan.groups.groupOf[position])) {
                        usage.visitCalls(unit, $0, add)
                    }
                } else {
                    usage.visitCalls(unit, add)
                }
            }
            for (index, values) in inputs.distinct.enumerated() {
                for code in values.codes(of: unit) where code != 0 {
                    cells[cell].distinct[index].insert(distinctCodes[index][Int(code)])
                }
            }
        }
    }
}
