internal import Store

/// The items of each compared unit of a frame that conjunctions are made of, laid out for counting conjunctions.
struct FrameItems: Sendable {
    /// The items of each unit, and after those of each unit `end`. An item that all units have is left out.
    private let items: [UInt16]
    /// By item, where in `items` each unit that has it begins.
    private let holders: [UInt32]
    private let holderEnds: [UInt32]
    /// Where each unit begins.
    private let starts: [UInt32]
    private let isEverywhere: [Bool]
    private let unitCount: Int

    /// More items than this are not joined (`ConjunctionSearch`).
    static let itemsMax = Int(end) - 1
    private static let end = UInt16.max

    /// - Parameter lists: for each dimension the items of each unit.
    init(_ lists: [UnitLists], unitCount: Int, itemCount: Int) {
        self.unitCount = unitCount
        var counts = [UInt32](repeating: 0, count: itemCount)
        for list in lists { for item in list.codes { counts[Int(item)] += 1 } }
        let isEverywhere = counts.map { Int($0) == unitCount && unitCount > 0 }
        // How many items each unit has, then where they begin, with room for `end`.
        var starts = [UInt32](repeating: 0, count: unitCount)
        for list in lists {
            list.visit { unit, item in starts[unit] += isEverywhere[Int(item)] ? 0 : 1 }
        }
        var total: UInt32 = 0
        for unit in starts.indices {
            let count = starts[unit]
            starts[unit] = total
            total += count + 1
        }
        var sum: UInt32 = 0
        var holderEnds = [UInt32](repeating: 0, count: itemCount)
        for item in 0..<itemCount {
            if !isEverywhere[item] { sum += counts[item] }
            holderEnds[item] = sum
        }
        var items = [UInt16](repeating: Self.end, count: Int(total))
        var holders = [UInt32](repeating: 0, count: Int(sum))
        var filled = starts
        var next = holderEnds.indices.map { $0 == 0 ? 0 : holderEnds[$0 - 1] }
        for list in lists {
            list.visit { unit, item in
                if isEverywhere[Int(item)] { return }
                items[Int(filled[unit])] = UInt16(truncatingIfNeeded: item)
                filled[unit] += 1
                holders[Int(next[Int(item)])] = starts[unit]
                next[Int(item)] += 1
            }
        }
        self.isEverywhere = isEverywhere
        self.items = items
        self.starts = starts
        self.holderEnds = holderEnds
        self.holders = holders
    }

    private func holders(of item: UInt16) -> Range<Int> {
        (item == 0 ? 0 : Int(holderEnds[Int(item) - 1]))..<Int(holderEnds[Int(item)])
    }

    private func count(of item: UInt16) -> Int {
        isEverywhere[Int(item)] ? unitCount : holders(of: item).count
    }

    /// Adds how many units have each of some conjunctions.
    ///
    /// - Parameter counts: by the number of a conjunction.
    func count(_ extensions: [Extensions], _ counts: inout [UInt32]) {
        var numberOf = [Int32](repeating: -1, count: isEverywhere.count)
        for group in extensions {
            for (item, number) in group.added { numberOf[Int(item)] = Int32(number) }
            let everywhere = group.added.filter { isEverywhere[Int($0.item)] }
            let parents = group.items.filter { !isEverywhere[Int($0)] }
            let units =
                switch parents.count {
                case 0: countAll(group.added, &counts)
                case 1: count(parents[0], numberOf, &counts)
                default: count(parents[0], parents[1], numberOf, &counts)
                }
            for (_, number) in everywhere where !parents.isEmpty {
                counts[number] += UInt32(units)
            }
            for (item, _) in group.added { numberOf[Int(item)] = -1 }
        }
    }

    /// All units have what is added to.
    private func countAll(
        _ added: [(item: UInt16, number: Int)], _ counts: inout [UInt32]
    ) -> Int {
        for (item, number) in added { counts[number] += UInt32(count(of: item)) }
        return unitCount
    }

    /// - Returns: how many units have the parent.
    private func count(
        _ parent: UInt16, _ numberOf: [Int32], _ counts: inout [UInt32]
    ) -> Int {
        let range = holders(of: parent)
        items.withUnsafeBufferPointer { items in
            holders.withUnsafeBufferPointer { holders in
                numberOf.withUnsafeBufferPointer { numberOf in
                    counts.withUnsafeMutableBufferPointer { counts in
                        for index in range {
                            Self.count(items, from: Int(holders[index]), numberOf, counts)
                        }
                    }
                }
            }
        }
        return range.count
    }

    private func count(
        _ first: UInt16, _ second: UInt16, _ numberOf: [Int32], _ counts: inout [UInt32]
    ) -> Int {
        let (rarer, other) =
            holders(of: first).count < holders(of: second).count
            ? (first, second) : (second, first)
        var units = 0
        items.withUnsafeBufferPointer { items in
            holders.withUnsafeBufferPointer { holders in
                numberOf.withUnsafeBufferPointer { numberOf in
                    counts.withUnsafeMutableBufferPointer { counts in
                        for index in self.holders(of: rarer) {
                            let start = Int(holders[index])
                            var at = start
                            while items[at] != other, items[at] != Self.end { at += 1 }
                            if items[at] == Self.end { continue }
                            units += 1
                            Self.count(items, from: start, numberOf, counts)
                        }
                    }
                }
            }
        }
        return units
    }

    /// Counts what stands from a place on to the end of its unit.
    @inline(__always)
    private static func count(
        _ items: UnsafeBufferPointer<UInt16>, from place: Int,
        _ numberOf: UnsafeBufferPointer<Int32>, _ counts: UnsafeMutableBufferPointer<UInt32>
    ) {
        var at = place
        while items[at] != end {
            let number = Int(numberOf[Int(items[at])])
            if number >= 0 { counts[number] &+= 1 }
            at += 1
        }
    }
}

extension FrameItems {
    /// The units that have all of some items, ascending.
    func units(with wanted: [UInt16]) -> [UInt32] {
        let parents = wanted.filter { !isEverywhere[Int($0)] }
        guard let first = parents.first else { return Array(0..<UInt32(unitCount)) }
        var unit = 0
        return holders(of: first).compactMap { index -> UInt32? in
            let start = holders[index]
            while starts[unit] < start { unit += 1 }
            let own = items[Int(start)...].prefix { $0 != Self.end }
            return parents.dropFirst().allSatisfy(own.contains) ? UInt32(unit) : nil
        }
    }

    /// Visits the items of a unit.
    func visit(_ unit: Int, _ body: (UInt16) -> Void) {
        for item in isEverywhere.indices where isEverywhere[item] { body(UInt16(item)) }
        var at = Int(starts[unit])
        while items[at] != Self.end {
            body(items[at])
            at += 1
        }
    }
}

/// Conjunctions that are one item more than the same others.
struct Extensions: Sendable {
    let items: [UInt16]
    /// What is added, and the number of the conjunction that it makes.
    var added: [(item: UInt16, number: Int)]
}
