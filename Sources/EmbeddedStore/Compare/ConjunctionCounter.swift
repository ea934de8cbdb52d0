internal import Store

/// Counts conjunctions over some units, those of a frame or all of the target, one dimension after the other: each column is made
/// once, and looked at only where the units are that have what it is combined with.
struct ConjunctionCounter: Sendable {
    private let items: CompareItems
    /// Of each parent the rarest item, and the units that have it, ascending.
    private var holders: [Int: [UInt32]] = [:]
    /// Of the dimensions of all parents.
    private var columns: [Int: ItemColumn] = [:]
    private let column: @Sendable (Int) throws -> ItemColumn

    /// - Parameters:
    ///   - parents: what is combined with more: one item, or several of different dimensions.
    ///   - units: those that are counted.
    ///   - column: makes the column of a dimension.
    init(
        _ items: CompareItems, parents: some Sequence<[UInt16]>, among units: UnitSelection,
        column: @escaping @Sendable (Int) throws -> ItemColumn
    ) throws {
        self.items = items
        self.column = column
        // By dimension the items that are the rarest of a parent. Of the others only the column is looked at.
        var leads: [Int: Set<Int>] = [:]
        for parent in parents {
            for item in parent { leads[items.items[Int(item)].dimension, default: []] = [] }
        }
        for parent in parents {
            guard let lead = Self.lead(parent) else { continue }
            leads[items.items[lead].dimension]?.insert(lead)
        }
        for (dimension, own) in leads.sorted(by: { $0.key < $1.key }) {
            let column = try column(dimension)
            columns[dimension] = column
            if own.isEmpty { continue }
            var isWanted = [Bool](repeating: false, count: items.joined(of: dimension).count + 1)
            for item in own { isWanted[Int(items.place(of: item))] = true }
            let lists = column.holders(isWanted, among: units)
            for item in own { holders[item] = lists[Int(items.place(of: item))] }
        }
    }

    /// Items are numbered by how rare they are in the target.
    private static func lead(_ parent: [UInt16]) -> Int? { parent.min().map { Int($0) } }

    /// The units that have all of a parent, ascending.
    func units(with parent: [UInt16]) -> [UInt32] {
        guard let lead = Self.lead(parent), let first = holders[lead] else { return [] }
        return parent.reduce(first) { units, item in
            let item = Int(item)
            guard item != lead, let column = columns[items.items[item].dimension] else {
                return units
            }
            return column.filter(units, having: items.place(of: item))
        }
    }

    /// How many units have each of some conjunctions, and how many traces.
    ///
    /// - Parameters:
    ///   - traceOf: by unit; nil if units are traces.
    ///   - isTarget: by unit; nil if those in the target need not be told apart.
    func counts(
        _ plan: ConjunctionPlan, traceOf: [UInt32]?, isTarget: [Bool]?
    ) throws -> [UnitTallies] {
        var counts = [UnitTallies](repeating: UnitTallies(), count: plan.count)
        var dimensions = try plan.byDimension.map { dimension, groups in
            Pending(
                column: try columns[dimension] ?? column(dimension), groups: groups,
                tallies: PlaceTallies(
                    places: items.joined(of: dimension).count + 1, areTraces: traceOf == nil))
        }
        var first = 0
        while first < plan.groups.count {
            // The units of all groups together would take more memory than all columns.
            var units: [[UInt32]] = []
            var room = Self.unitsMax
            while room > 0, first + units.count < plan.groups.count {
                units.append(self.units(with: plan.groups[first + units.count].items))
                room -= units[units.count - 1].count
            }
            let targets = isTarget.map { isTarget in
                units.map { units in units.filter { isTarget[Int($0)] } }
            }
            for index in dimensions.indices {
                dimensions[index].count(units, from: first, traceOf) { number, units, traces in
                    counts[number].units.count += units
                    counts[number].traces.count += traces
                }
                guard let targets else { continue }
                dimensions[index].count(targets, from: first, traceOf) { number, units, traces in
                    counts[number].units.failures += units
                    counts[number].traces.failures += traces
                }
            }
            first += units.count
        }
        return counts
    }

    /// Units of several groups are looked up at once, so that a column is looked at while it is near.
    private static let unitsMax = 1 << 20

    /// A dimension of which something is to be counted.
    private struct Pending {
        let column: ItemColumn
        let groups: [ConjunctionPlan.Group]
        var tallies: PlaceTallies

        /// - Parameters:
        ///   - units: those of some groups.
        ///   - first: the number of the first of these groups.
        mutating func count(
            _ units: [[UInt32]], from first: Int, _ traceOf: [UInt32]?,
            _ add: (_ number: Int, _ units: Int, _ traces: Int) -> Void
        ) {
            let begin = groups.partitioningIndex { $0.group >= first }
            for (group, added) in groups[begin...] {
                guard group - first < units.count else { break }
                let before = added.map { tallies[$0.place] }
                column.tally(units[group - first], traceOf: traceOf, &tallies)
                for ((place, number), before) in zip(added, before) {
                    let own = tallies[place]
                    add(number, Int(own.units &- before.units), Int(own.traces &- before.traces))
                }
            }
        }
    }
}

/// Conjunctions in the order in which they are counted.
struct ConjunctionPlan: Sendable {
    typealias Added = (place: UInt16, number: Int)
    /// What is added to a group of units that have the same.
    typealias Group = (group: Int, added: [Added])

    let groups: [Extensions]
    /// How many conjunctions there are.
    let count: Int
    /// The dimensions of what is added, and by group what.
    let byDimension: [(dimension: Int, groups: [Group])]

    init(_ candidates: ConjunctionCandidates, _ items: CompareItems) {
        groups = candidates.extensions
        count = candidates.conjunctions.count
        var byDimension: [Int: [Group]] = [:]
        for (index, group) in groups.enumerated() {
            let own = Dictionary(grouping: group.added) { items.items[Int($0.item)].dimension }
            for (dimension, added) in own {
                byDimension[dimension, default: []].append(
                    (index, added.map { (items.place(of: Int($0.item)), $0.number) }))
            }
        }
        self.byDimension = byDimension.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Conjunctions that are one item more than the same others.
struct Extensions: Sendable {
    let items: [UInt16]
    /// What is added, and the number of the conjunction that it makes.
    var added: [(item: UInt16, number: Int)]
}
