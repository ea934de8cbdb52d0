internal import Spans
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
            let resolver = frame.passing(population.keepsNothing)
            var tallies = [UnitTallies](repeating: UnitTallies(), count: items.items.count)
            for dimension in items.dimensions.indices {
                try control.check()
                let isStored = try Self.addStored(dimension, items, frame, &tallies, control)
                if !isStored { try Self.add(dimension, items, frame, resolver, &tallies) }
            }
            return tallies
        }
        tallies = parts.reduce(
            into: [UnitTallies](repeating: UnitTallies(), count: items.items.count)
        ) {
            for index in $1.indices { $0[index] += $1[index] }
        }
    }

    /// Adds what the counts of a frame say of one dimension, without going through its units.
    ///
    /// - Returns: false if nothing is stored of just what is compared. Of spans nothing is: their traces are counted too.
    private static func addStored(
        _ dimension: Int, _ items: CompareItems, _ frame: ComparedFrame,
        _ tallies: inout [UnitTallies], _ control: ScanControl
    ) throws -> Bool {
        let compared = items.dimensions[dimension]
        guard frame.unit == .trace, compared.bands == nil else { return false }
        var query = frame.query
        query.by = [compared.field]
        guard let scan = try CountedQuestion(query, nil)?.scan(frame.frame, control) else {
            return false
        }
        // Keys in the order of their bytes, as values are stored and numbered.
        let wanted = items.numbersByValue(of: dimension)
        var keys = ByteDictionary()
        var key = KeyBytes()
        for item in wanted {
            compared.values.withValue(Int(items.items[item].code)) {
                key.with($0) { _ = keys.code(of: $0) }
            }
        }
        try scan.visitGroups(Array(wanted.indices), of: keys) { _, key, tally in
            tallies[wanted[key]] = UnitTallies(units: tally, traces: tally)
        }
        return true
    }

    private static func add(
        _ dimension: Int, _ items: CompareItems, _ frame: ComparedFrame,
        _ resolver: FieldResolver, _ tallies: inout [UnitTallies]
    ) throws {
        let codes = try items.codes(dimension, frame, resolver)
        let numbers = items.numbers(of: dimension)
        var counters = [TraceCounter](
            repeating: TraceCounter(frame.traceOf), count: numbers.count)
        counters.withUnsafeMutableBufferPointer { counters in
            frame.selection.visit { _, unit in
                let isTarget = frame.isTarget[unit]
                codes.visit(unit) { code in
                    if Int(code) < numbers.count { counters[Int(code)].add(unit, isTarget) }
                }
            }
        }
        for (code, counter) in counters.enumerated() {
            if let item = CompareItems.item(UInt32(code), numbers) {
                tallies[item] = counter.tallies
            }
        }
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
