internal import Spans
internal import Store
internal import Synchronization

/// Counts what the compared units have: of single values, and of conjunctions of them.
struct ItemCounts {
    private let items: CompareItems
    private let population: Population
    private let control: ScanControl
    /// By item.
    let tallies: [UnitTallies]
    private let needsFailures: Bool

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
        tallies = try Self.sums(items.items.count, population) { frame in
            let resolver = frame.passing(population.keepsNothing)
            var tallies = [UnitTallies](repeating: UnitTallies(), count: items.items.count)
            for dimension in items.dimensions.indices {
                try control.check()
                let isStored = try Self.addStored(dimension, items, frame, &tallies, control)
                if !isStored { try Self.add(dimension, items, frame, resolver, &tallies) }
            }
            return tallies
        }
    }

    /// What all frames have together. They are added up as they come: hundreds of thousands of conjunctions of each would take more
    /// memory than all else.
    private static func sums(
        _ count: Int, _ population: Population,
        _ tallies: @Sendable (ComparedFrame) throws -> [UnitTallies]
    ) throws -> [UnitTallies] {
        if count == 0 { return [] }
        let sums = Mutex([UnitTallies](repeating: UnitTallies(), count: count))
        _ = try Scanner.parallel(population.frames) { frame in
            let own = try tallies(frame)
            sums.withLock { sums in
                for index in own.indices { sums[index] += own[index] }
            }
        }
        return sums.withLock { $0 }
    }

    /// Adds what the counts of a frame say of one dimension, without going through its units.
    ///
    /// - Returns: false if nothing is stored of just what is compared. Of spans nothing is: their traces are counted too.
    private static func addStored(
        _ dimension: Int, _ items: CompareItems, _ frame: ComparedFrame,
        _ tallies: inout [UnitTallies], _ control: ScanControl
    ) throws -> Bool {
        let compared = items.dimensions[dimension]
        guard frame.unit == .trace, compared.bands == nil,
            let scan = try frame.counted(compared.field, control)
        else { return false }
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
        items.keepColumn(dimension, codes, frame)
        let traceOf = try frame.traceOf(resolver)
        let numbers = items.numbers(of: dimension)
        func set(_ counted: [UnitTallies]) {
            for (code, tally) in counted.enumerated() {
                if let item = CompareItems.item(UInt32(code), numbers) { tallies[item] = tally }
            }
        }
        if let bands = items.dimensions[dimension].bands {
            var counted = BandTallies(bands)
            let isSingle = codes.readingBands { bandOf in
                frame.reading(traceOf: traceOf) { units in
                    frame.selection.visit { _, unit in
                        counted.add(
                            bandOf(unit), trace: units.trace(of: unit),
                            isTarget: units.isTarget(unit))
                    }
                }
            }
            if isSingle { return set(counted.tallies()) }
        }
        set(codes.tallies(count: numbers.count, frame, traceOf: traceOf))
    }

    /// Counts conjunctions.
    func count(_ candidates: ConjunctionCandidates) throws -> [UnitTallies] {
        let plan = ConjunctionPlan(candidates, items)
        return try Self.sums(plan.count, population) { frame in
            let resolver = frame.passing(population.keepsNothing)
            return try ConjunctionBits(
                plan: plan, columns: plan.columns(items, frame, resolver, control),
                unitCount: frame.isTarget.count,
                selection: frame.selection, traceOf: frame.traceOf(resolver),
                isTarget: needsFailures ? frame.isTarget : nil
            ).counts(control)
        }
    }
}
