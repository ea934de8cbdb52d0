internal import Store

/// Conjunctions of values that enough units of the target have, counted on the target alone.
struct ConjunctionCandidates {
    private(set) var conjunctions: [Conjunction] = []
    private(set) var extensions: [Extensions] = []

    struct Conjunction: Sendable {
        /// Ascending.
        let items: [UInt16]
        /// How many units of the target have it, and how many traces of such.
        let targets: TargetCount
    }

    /// Pairs of values of different dimensions, of which one is promising.
    ///
    /// - Parameters:
    ///   - least: units of the target that have both at least.
    ///   - left: values that no pair is made of.
    init(
        pairsOf items: CompareItems, _ target: TargetColumns, least: Int, isPromising: [Bool],
        except left: Set<Int>
    ) throws {
        // Of two promising ones the units of the rarer are gone through to count both.
        let parents = (0..<items.joinedCount).filter { isPromising[$0] }
        try self.init(items, parents.map { [UInt16($0)] }, target, least) { parent, other in
            (!isPromising[other] || other > parent[0]) && !left.contains(other)
        }
    }

    /// Triples that are one value more than some pairs.
    ///
    /// A triple is found from any pair of it.
    ///
    /// - Parameters:
    ///   - pairs: those that are worth it, the rarest first: its units are gone through to count a triple.
    ///   - left: values that no triple is made of.
    init(
        triplesOf items: CompareItems, from pairs: [[UInt16]], _ target: TargetColumns,
        least: Int, except left: Set<Int>
    ) throws {
        try self.init(items, pairs, target, least) { _, other in !left.contains(other) }
        // Whichever pair came first has it.
        var seen: Set<[UInt16]> = []
        var kept: [Conjunction] = []
        extensions = extensions.compactMap { group in
            var own = group
            own.added = []
            for (item, number) in group.added
            where seen.insert(conjunctions[number].items).inserted {
                own.added.append((item, kept.count))
                kept.append(conjunctions[number])
            }
            return own.added.isEmpty ? nil : own
        }
        conjunctions = kept
    }

    /// What can be added to some parents, of other dimensions than theirs.
    private init(
        _ items: CompareItems, _ parents: [[UInt16]], _ target: TargetColumns, _ least: Int,
        _ isWanted: @Sendable (_ parent: [UInt16], _ other: Int) -> Bool
    ) throws {
        let holders = try target.holders(of: parents)
        let found = try Scanner.parallel(parents) { parent in
            let units = holders.units(with: parent)
            return units.count < least
                ? []
                : target.common(units, least: least, except: parent).filter {
                    isWanted(parent, $0.item)
                }
        }
        for (parent, others) in zip(parents, found) { append(parent, others) }
    }

    /// None.
    init() {}

    /// Appends what a parent makes with each of some others.
    mutating func append(_ parent: [UInt16], _ others: [(item: Int, count: TargetCount)]) {
        if others.isEmpty { return }
        var added: [(item: UInt16, number: Int)] = []
        for (item, count) in others {
            added.append((UInt16(item), conjunctions.count))
            conjunctions.append(
                Conjunction(items: (parent + [UInt16(item)]).sorted(), targets: count))
        }
        extensions.append(Extensions(items: parent, added: added))
    }
}

/// The items of all units of the target, by dimension.
struct TargetColumns: Sendable {
    private let items: CompareItems
    private let columns: [ItemColumn]
    private let unitCount: Int
    /// nil if units are traces.
    private let traceOf: [UInt32]?

    init(_ items: CompareItems, _ target: TargetValues, _ control: ScanControl) throws {
        self.items = items
        unitCount = target.starts.count
        traceOf = target.traces
        columns = items.dimensions.indices.map {
            ItemColumn(target.codes[$0], items.places(of: $0))
        }
        try control.reserve(columns.reduce(0) { $0 + $1.byteCount }, .cohorts)
    }

    func holders(of parents: [[UInt16]]) throws -> ConjunctionHolders {
        try ConjunctionHolders(items, of: parents, among: .all(unitCount)) { columns[$0] }
    }

    /// The items that enough of some units have, ascending.
    ///
    /// - Parameter parent: the items that all of them have; of their dimensions nothing is wanted.
    func common(
        _ units: [UInt32], least: Int, except parent: [UInt16]
    ) -> [(item: Int, count: TargetCount)] {
        let own = parent.map { items.items[Int($0)].dimension }
        var found: [(item: Int, count: TargetCount)] = []
        for (dimension, column) in columns.enumerated() where !own.contains(dimension) {
            let joined = items.joined(of: dimension)
            if joined.isEmpty { continue }
            let tallies = column.tally(units, traceOf: traceOf, places: joined.count + 1)
            for (index, item) in joined.enumerated() {
                let count = tallies[UInt16(index + 1)]
                if count.units >= least { found.append((item, count)) }
            }
        }
        return found.sorted { $0.item < $1.item }
    }
}

/// How many units of the target have something, and how many traces of such units.
struct TargetCount: Sendable {
    var units = 0
    var traces = 0
}
