internal import Spans
internal import Store

/// Counts conjunctions over the units of a frame, or finds the units that have them, a block of units after the other.
///
/// Of each item a bit says for each unit of the block whether it has the item; what has several items has the bits that their rows
/// have in common (`BlockBits`). Where few units have one, these alone are looked at.
struct ConjunctionBits {
    let plan: ConjunctionPlan
    /// Of the plan's dimensions.
    let columns: [PlacedColumn]
    let unitCount: Int
    /// What is counted.
    let selection: UnitSelection
    /// By unit; nil if units are traces.
    let traceOf: [UInt32]?
    /// By unit; nil if those in the target need not be told apart.
    let isTarget: [Bool]?
    /// The bits of a block stay near the processor while all conjunctions are counted.
    var blockUnits = 8192

    /// How many units have each conjunction, and how many traces with such units.
    func counts(_ control: ScanControl) throws -> [UnitTallies] {
        var tallies = [UnitTallies](repeating: UnitTallies(), count: plan.count)
        try visitBlocks(control) { _, block in count(block, &tallies) }
        return tallies
    }

    /// The units that have all of each of the plan's groups. Asked where it does not matter whose units are.
    func members(_ control: ScanControl) throws -> [FrameUnits] {
        precondition(traceOf == nil && blockUnits % 64 == 0)
        if plan.groups.isEmpty { return [] }
        var members = [FrameUnits](repeating: .none, count: plan.groups.count)
        try visitBlocks(control) { layout, block in
            for (number, group) in plan.groups.enumerated()
            where block.choose(group.parent, amongTargets: false) {
                members[number].append(block.chosen, from: layout.units.lowerBound, of: unitCount)
            }
        }
        return members.map(\.trimmed)
    }

    private func visitBlocks(
        _ control: ScanControl, _ body: (BlockLayout, BlockBits) -> Void
    ) throws {
        let markers = zip(columns, plan.dimensions).map {
            $0.marker(rowOf: $1.rowOf, nothing: Int32(plan.rowCount))
        }
        var block = BlockBits(rowCount: plan.rowCount)
        defer {
            control.release(block.byteCount)
            block.deallocate()
        }
        var position = 0
        var start = 0
        while start < unitCount {
            try control.check()
            let units = start..<end(from: start)
            start = units.upperBound
            guard let layout = layout(units, isSelected: position) else { continue }
            try block.begin(layout, control)
            select(layout, &position, in: block)
            for marker in markers { marker.mark(layout, in: block.rows) }
            block.reading(layout) { body(layout, $0) }
        }
    }

    private func count(_ block: BlockBits, _ tallies: inout [UnitTallies]) {
        tallies.withUnsafeMutableBufferPointer { tallies in
            for group in plan.groups {
                guard block.choose(group.parent, amongTargets: false) else { continue }
                for (row, number) in group.added {
                    let (units, traces) = block.count(row)
                    tallies[number].units.count &+= units
                    tallies[number].traces.count &+= traces
                }
                guard isTarget != nil, block.choose(group.parent, amongTargets: true) else {
                    continue
                }
                for (row, number) in group.added {
                    let (units, traces) = block.count(row)
                    tallies[number].units.failures &+= units
                    tallies[number].traces.failures &+= traces
                }
            }
        }
    }

    /// Where a block ends: no trace goes on in the next.
    private func end(from start: Int) -> Int {
        var end = min(start + blockUnits, unitCount)
        guard let traceOf, end < unitCount else { return end }
        while end > start, traceOf[end] == traceOf[end - 1] { end -= 1 }
        if end > start { return end }
        end = start + blockUnits
        while end < unitCount, traceOf[end] == traceOf[end - 1] { end += 1 }
        return end
    }

    /// nil if no unit of a block is counted.
    ///
    /// - Parameter position: of the first selected unit that is not before the block.
    private func layout(_ units: Range<Int>, isSelected position: Int) -> BlockLayout? {
        guard position < selection.count, selection[position] < units.upperBound else {
            return nil
        }
        guard let traceOf else { return BlockLayout(units) }
        return traceOf.withUnsafeBufferPointer { BlockLayout(units, $0) }
    }

    /// Marks the units of a block that are counted.
    ///
    /// - Parameter position: of the first selected unit that is not before the block.
    private func select(_ layout: BlockLayout, _ position: inout Int, in block: BlockBits) {
        let (units, rows) = (layout.units, block.rows)
        func mark(_ unit: Int) {
            let bit = Int(layout.bitOf[unit - units.lowerBound])
            rows.set(bit, in: block.selected)
            if isTarget?[unit] == true { rows.set(bit, in: block.targets) }
        }
        switch selection {
        case .all:
            for unit in units { mark(unit) }
            position += units.count
        case .runs(let runs):
            runs.visit(within: units) { run in
                for unit in run { mark(unit) }
                position += run.count
            }
        case .some(let numbers):
            while position < numbers.count, Int(numbers[position]) < units.upperBound {
                mark(Int(numbers[position]))
                position += 1
            }
        }
    }
}
