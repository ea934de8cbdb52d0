internal import Store

/// Counts what the compared units have: of single values, and of conjunctions of them.
struct ItemCounts {
    private let items: CompareItems
    private let population: Population
    private let control: ScanControl
    /// By item.
    let tallies: [UnitTallies]
    private let needsFailures: Bool

    private struct Counts: Sendable {
        var units: [UInt32]
        var targets: [UInt32]

        init(_ count: Int) {
            units = [UInt32](repeating: 0, count: count)
            targets = units
        }

        static func tallies(_ parts: [Counts], count: Int) -> [Tally] {
            var sums = [Tally](repeating: Tally(), count: count)
            for part in parts {
                for index in 0..<count {
                    sums[index] += Tally(
                        count: Int(part.units[index]), failures: Int(part.targets[index]))
                }
            }
            return sums
        }
    }

    /// Counts single values.
    ///
    /// - Parameter needsFailures: whether of conjunctions units in the target are counted too; otherwise they have none.
    init(
        _ items: CompareItems, _ population: Population, needsFailures: Bool,
        _ control: ScanControl
    ) throws {
        self.items = items
        self.population = population
        self.control = control
        self.needsFailures = needsFailures
        let parts = try Scanner.parallel(population.frames) { frame in
            if frame.unit == .trace, let stored = try StoredItemCounts(items, frame, control) {
                return stored.tallies
            }
            return try Self.tallies(
                items, frame, frame.passing(population.keepsNothing), control)
        }
        tallies = parts.reduce(
            into: [UnitTallies](repeating: UnitTallies(), count: items.items.count)
        ) {
            for index in $1.indices { $0[index] += $1[index] }
        }
    }

    private static func tallies(
        _ items: CompareItems, _ frame: ComparedFrame, _ resolver: FieldResolver,
        _ control: ScanControl
    ) throws -> [UnitTallies] {
        var counters = [TraceCounter](
            repeating: TraceCounter(frame.traceOf), count: items.items.count)
        for dimension in items.dimensions.indices {
            try control.check()
            let codes = try items.codes(dimension, frame, resolver)
            let numbers = items.numbers(of: dimension)
            counters.withUnsafeMutableBufferPointer { counters in
                frame.selection.visit { _, unit in
                    let isTarget = frame.isTarget[unit]
                    codes.visit(unit) { code in
                        if let item = CompareItems.item(code, numbers) {
                            counters[item].add(unit, isTarget)
                        }
                    }
                }
            }
        }
        return counters.map(\.tallies)
    }

    /// Counts conjunctions.
    func count(_ candidates: ConjunctionCandidates) throws -> [Tally] {
        let count = candidates.conjunctions.count
        if count == 0 { return [] }
        let wanted = WantedItems(candidates, count: items.joinedCount)
        let parts = try Scanner.parallel(population.frames) { frame in
            var counts = Counts(count)
            let lists = try self.lists(wanted, frame)
            lists.all.count(candidates.extensions, &counts.units)
            lists.targets?.count(candidates.extensions, &counts.targets)
            return counts
        }
        return Counts.tallies(parts, count: count)
    }

    /// The values that some conjunctions are made of.
    private struct WantedItems: Sendable {
        var isWanted: [Bool]
        /// One of each conjunction, the rarest of what was known to be worth it: units without any need not be looked at.
        var isLead: [Bool]

        init(_ candidates: ConjunctionCandidates, count: Int) {
            isWanted = [Bool](repeating: false, count: count)
            isLead = isWanted
            for group in candidates.extensions {
                for item in group.items { isWanted[Int(item)] = true }
                for (item, _) in group.added { isWanted[Int(item)] = true }
                if let lead = group.items.min() { isLead[Int(lead)] = true }
            }
        }
    }

    /// Gathers the wanted items of a frame's units.
    private func lists(
        _ wanted: WantedItems, _ frame: ComparedFrame
    ) throws -> (all: FrameItems, targets: FrameItems?) {
        let resolver = frame.passing(population.keepsNothing)
        let units = try self.units(wanted, frame, resolver)
        var all: [UnitLists] = []
        var targets: [UnitLists] = []
        for dimension in items.dimensions(of: wanted.isWanted) {
            try control.check()
            let codes = try items.codes(dimension, frame, resolver)
            let numbers = items.numbers(of: dimension)
            var list = UnitLists()
            var ofTargets = UnitLists()
            list.reserve(units: units.count)
            for unit in units {
                let isTarget = needsFailures && frame.isTarget[Int(unit)]
                codes.visit(Int(unit)) { code in
                    guard let item = CompareItems.item(code, numbers), item < items.joinedCount,
                        wanted.isWanted[item]
                    else { return }
                    list.append(UInt32(item))
                    if isTarget { ofTargets.append(UInt32(item)) }
                }
                list.endUnit()
                if isTarget { ofTargets.endUnit() }
            }
            all.append(list)
            targets.append(ofTargets)
        }
        let targetCount = needsFailures ? units.count { frame.isTarget[Int($0)] } : 0
        return (
            FrameItems(all, unitCount: units.count, itemCount: items.joinedCount),
            needsFailures
                ? FrameItems(targets, unitCount: targetCount, itemCount: items.joinedCount) : nil
        )
    }

    /// The units that have a lead.
    private func units(
        _ wanted: WantedItems, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws -> [UInt32] {
        var isKept = [Bool](repeating: false, count: frame.isTarget.count)
        for dimension in items.dimensions(of: wanted.isLead) {
            try control.check()
            let codes = try items.codes(dimension, frame, resolver)
            let numbers = items.numbers(of: dimension)
            isKept.withUnsafeMutableBufferPointer { isKept in
                frame.selection.visit { _, unit in
                    codes.visit(unit) { code in
                        if let item = CompareItems.item(code, numbers), item < items.joinedCount,
                            wanted.isLead[item]
                        {
                            isKept[unit] = true
                        }
                    }
                }
            }
        }
        return Truths.numbers(of: isKept)
    }
}
