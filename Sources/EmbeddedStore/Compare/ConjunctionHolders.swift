internal import Store

/// Finds the units that have all of some items, of one item or several of different dimensions.
struct ConjunctionHolders: Sendable {
    private let items: CompareItems
    /// Of each conjunction the rarest item, and the units that have it, ascending.
    private var holders: [Int: [UInt32]] = [:]
    /// Of the dimensions of all conjunctions.
    private var columns: [Int: ItemColumn] = [:]

    /// - Parameters:
    ///   - units: those that are looked at.
    ///   - column: makes the column of a dimension.
    init(
        _ items: CompareItems, of conjunctions: some Sequence<[UInt16]>,
        among units: UnitSelection, column: @Sendable (Int) throws -> ItemColumn
    ) throws {
        self.items = items
        // By dimension the items that are the rarest of a conjunction. Of the others only the column is looked at.
        var leads: [Int: Set<Int>] = [:]
        for conjunction in conjunctions {
            for item in conjunction {
                leads[items.items[Int(item)].dimension, default: []] = []
            }
        }
        for conjunction in conjunctions {
            guard let lead = Self.lead(conjunction) else { continue }
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
    private static func lead(_ conjunction: [UInt16]) -> Int? {
        conjunction.min().map { Int($0) }
    }

    /// The units that have all of a conjunction, ascending.
    func units(with conjunction: [UInt16]) -> [UInt32] {
        guard let lead = Self.lead(conjunction), let first = holders[lead] else { return [] }
        return conjunction.reduce(first) { units, item in
            let item = Int(item)
            guard item != lead, let column = columns[items.items[item].dimension] else {
                return units
            }
            return column.filter(units, having: items.place(of: item))
        }
    }
}
