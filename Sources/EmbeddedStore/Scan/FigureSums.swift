internal import Spans
internal import Store

/// Sums the figures of a plan over a scan's units: for chosen groups each, for all other groups together, and
/// within them for each step of time.
struct FigureSums {
    private let scan: SliceScan
    private let plan: FigurePlan
    private let inputs: FigureInputs
    private let grid: StepGrid?
    /// For each field of distinct values the query's code of each of the frame's.
    private let distinctCodes: [[UInt32]]
    private let withExamples: Bool
    // Of their own: reaching through the scan would count references in the innermost loop.
    private let units: MatchedUnits
    private let usage: UnitUsage
    private let stepCount: Int
    private let needsDurations: Bool
    private let needsUsage: Bool
    private let hasInputs: Bool

    init(
        _ scan: SliceScan, _ plan: FigurePlan, grid: StepGrid?, distinctCodes: [[UInt32]],
        withExamples: Bool
    ) throws {
        self.scan = scan
        self.plan = plan
        self.grid = grid
        self.distinctCodes = distinctCodes
        self.withExamples = withExamples
        stepCount = grid?.count ?? 1
        units = scan.units
        usage = scan.usage
        needsDurations = plan.needsDurations
        needsUsage = plan.needsUsage
        inputs = try scan.inputs(plan)
        hasInputs = !inputs.numbers.isEmpty || !inputs.distinct.isEmpty
    }

    @inline(__always)
    private func step(_ unit: Int) -> Int {
        stepCount == 1 ? 0 : grid?.index(of: units.starts[unit]) ?? 0
    }

    /// The figures of all units, each once; one for each step.
    func total() -> [SliceFigures] {
        var sums = [Sum](repeating: Sum(plan), count: stepCount)
        for unit in units.numbers.indices { add(unit, nil, to: &sums[step(unit)]) }
        return finished(&sums)
    }

    /// The figures of chosen groups, and last those of all others together; of each one for each step.
    ///
    /// - Parameters:
    ///   - place: for each group its place among the chosen, or one of `KeyPlaces`.
    ///   - count: how many are chosen.
    func cells(place: [Int32], count: Int) -> [SliceFigures] {
        if let only = scan.groups.only, (count + 1) * stepCount <= atOnceMax {
            return cells(only, place, count)
        }
        let sorted = scan.groups.sorted()
        var cells = [SliceFigures](repeating: SliceFigures(plan), count: count * stepCount)
        var others = [Sum](repeating: Sum(plan), count: stepCount)
        for group in place.indices {
            if place[group] == KeyPlaces.nowhere { continue }
            let codes = scan.groups.codes(of: group)
            if place[group] == KeyPlaces.other {
                for unit in sorted.members(of: group) {
                    add(Int(unit), codes, to: &others[step(Int(unit))])
                }
                continue
            }
            var sums = [Sum](repeating: Sum(plan), count: stepCount)
            for unit in sorted.members(of: group) {
                add(Int(unit), codes, to: &sums[step(Int(unit))])
            }
            let first = Int(place[group]) * stepCount
            for (index, figures) in finished(&sums).enumerated() { cells[first + index] = figures }
        }
        return cells + finished(&others)
    }

    /// So many sums at most are made in one pass over the units: those with durations have a buffer each,
    /// which must stay in the cache.
    private var atOnceMax: Int { plan.needsDurations ? 64 : 1 << 14 }

    /// Where each unit has one group: in the order of the units, which is that of the memory.
    private func cells(_ groupOf: [UInt32], _ place: [Int32], _ count: Int) -> [SliceFigures] {
        var sums = [Sum](repeating: Sum(plan), count: (count + 1) * stepCount)
        // A span carries its own values.
        let isSpan = scan.query.unit == .span
        for unit in groupOf.indices {
            let group = Int(groupOf[unit])
            if place[group] == KeyPlaces.nowhere { continue }
            let index = place[group] == KeyPlaces.other ? count : Int(place[group])
            let codes = isSpan ? nil : scan.groups.codes(of: group)
            add(unit, codes, to: &sums[index * stepCount + step(unit)])
        }
        return finished(&sums)
    }

    // MARK: Sums

    /// Figures while they are summed. Durations wait in a small buffer that stays in the cache.
    private struct Sum {
        var figures: SliceFigures
        var durations: [UInt64] = []
        var examples = Examples()

        static let durationsMax = 1024

        init(_ plan: FigurePlan) { figures = SliceFigures(plan) }

        @inline(__always)
        mutating func add(duration: UInt64) {
            if durations.count == Self.durationsMax { flush() }
            durations.append(duration)
            if duration > figures.durationMax { figures.durationMax = duration }
        }

        mutating func flush() {
            for duration in durations { figures.durationSum += Int128(duration) }
            figures.durations.add(contentsOf: durations)
            durations.removeAll(keepingCapacity: true)
        }
    }

    /// The units that a row shows as examples: failing ones first, newest first. Some more are kept than
    /// are shown, since spans of one trace show as one.
    private struct Examples {
        private(set) var newest: [(unit: Int, hasFailed: Bool, start: Int64)] = []
        private static let kept = SliceFigures.examplesMax * 2

        @inline(__always)
        mutating func offer(_ unit: Int, _ hasFailed: Bool, _ start: Int64) {
            if newest.count == Self.kept {
                let last = newest[Self.kept - 1]
                let isBetter = hasFailed != last.hasFailed ? hasFailed : start > last.start
                if !isBetter { return }
            }
            let place =
                newest.firstIndex { $0.hasFailed != hasFailed ? hasFailed : start > $0.start }
                ?? newest.count
            newest.insert((unit, hasFailed, start), at: place)
            if newest.count > Self.kept { newest.removeLast() }
        }
    }

    /// - Parameter codes: the values of the unit's group, which only some of its model calls may carry; nil if
    ///   all of them count.
    @inline(__always)
    private func add(_ unit: Int, _ codes: [UInt32]?, to sum: inout Sum) {
        let hasFailed = units.hasFailed[unit]
        sum.figures.count += 1
        if hasFailed { sum.figures.failures += 1 }
        if needsDurations { sum.add(duration: units.durations[unit]) }
        if needsUsage {
            let used =
                codes.map { usage.carrying(unit, $0, scan.values, scan.callCodes) }
                ?? usage.total(unit)
            sum.figures.tokensIn += used.tokensIn
            sum.figures.tokensOut += used.tokensOut
            if used.cost != 0 { sum.figures.cost.add(used.cost) }
            if used.costEstimated != 0 { sum.figures.costEstimated.add(used.costEstimated) }
            sum.figures.unpricedCalls += used.unpriced
        }
        if withExamples { sum.examples.offer(unit, hasFailed, units.starts[unit]) }
        if hasInputs {
            addInputs(unit, codes, to: &sum.figures)
        }
    }

    private func addInputs(_ unit: Int, _ codes: [UInt32]?, to figures: inout SliceFigures) {
        let number = units.numbers[unit]
        for (index, input) in inputs.numbers.enumerated() {
            if input.isOfCalls {
                usage.visitCalls(unit, codes ?? [], scan.values, scan.callCodes) { call in
                    if input.isCost {
                        // What the price table says counts too, which the field itself does not know.
                        if let cost = usage.cost(ofCall: call) {
                            figures.numbers[index].add(.double(cost))
                        }
                    } else {
                        input.visit(row: usage.row(ofCall: call)) {
                            figures.numbers[index].add($0)
                        }
                    }
                }
            } else {
                input.visit(unit: unit, number: number) { figures.numbers[index].add($0) }
            }
        }
        for (index, values) in inputs.distinct.enumerated() {
            for code in values.codes(of: unit) where code != 0 {
                figures.distinct[index].insert(distinctCodes[index][Int(code)])
            }
        }
    }

    private func finished(_ sums: inout [Sum]) -> [SliceFigures] {
        sums.indices.map { index in
            sums[index].flush()
            for entry in sums[index].examples.newest {
                sums[index].figures.addExample(
                    .init(
                        hasFailed: entry.hasFailed, start: entry.start,
                        traceID: scan.traceID(units.numbers[entry.unit])))
            }
            return sums[index].figures
        }
    }
}
