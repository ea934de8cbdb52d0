internal import Store

/// The items of each compared unit of a frame that conjunctions are made of, laid out for counting conjunctions.
struct FrameItems: Sendable {
    /// The items of each unit, ascending, and after those of each unit `end`. An item that all units have is left out.
    private let items: [UInt16]
    /// By item, where in `items` it stands, one place for each unit that has it.
    private let places: [UInt32]
    private let placeEnds: [UInt32]
    /// Where the items of each unit begin.
    private let starts: [UInt32]
    private let isEverywhere: [Bool]
    private let unitCount: Int

    /// More items than this are not joined (`CompareSearch`).
    static let itemsMax = Int(end) - 1
    private static let end = UInt16.max

    var byteCount: Int {
        items.count * 2 + places.count * 4 + placeEnds.count * 5 + starts.count * 4
    }

    /// - Parameter lists: for each dimension the items of each unit.
    init(_ lists: [UnitLists], unitCount: Int, itemCount: Int) {
        self.unitCount = unitCount
        var holders = [UInt32](repeating: 0, count: itemCount)
        for list in lists { for item in list.codes { holders[Int(item)] += 1 } }
        isEverywhere = holders.map { Int($0) == unitCount && unitCount > 0 }
        var total = unitCount
        for (item, count) in holders.enumerated() where !isEverywhere[item] { total += Int(count) }
        var items: [UInt16] = []
        items.reserveCapacity(total)
        var starts: [UInt32] = []
        starts.reserveCapacity(unitCount)
        for unit in 0..<unitCount {
            let start = items.count
            starts.append(UInt32(start))
            for list in lists {
                for item in list[unit] where !isEverywhere[Int(item)] {
                    // There are few, and those of one dimension mostly come in order.
                    var at = items.count
                    let item = UInt16(truncatingIfNeeded: item)
                    items.append(item)
                    while at > start, items[at - 1] > item {
                        items[at] = items[at - 1]
                        at -= 1
                    }
                    items[at] = item
                }
            }
            items.append(Self.end)
        }
        var sum: UInt32 = 0
        var placeEnds = [UInt32](repeating: 0, count: itemCount)
        for item in 0..<itemCount {
            if !isEverywhere[item] { sum += holders[item] }
            placeEnds[item] = sum
        }
        var next = placeEnds.indices.map { $0 == 0 ? 0 : placeEnds[$0 - 1] }
        var places = [UInt32](repeating: 0, count: Int(sum))
        for (place, item) in items.enumerated() where item != Self.end {
            places[Int(next[Int(item)])] = UInt32(place)
            next[Int(item)] += 1
        }
        self.items = items
        self.starts = starts
        self.placeEnds = placeEnds
        self.places = places
    }

    private func places(of item: UInt16) -> Range<Int> {
        (item == 0 ? 0 : Int(placeEnds[Int(item) - 1]))..<Int(placeEnds[Int(item)])
    }

    private func count(of item: UInt16) -> Int {
        isEverywhere[Int(item)] ? unitCount : places(of: item).count
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
                case 1: count(parents[0], group.isRarest, numberOf, &counts)
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

    /// - Parameter isRarest: whether only items are added that come after the parent.
    /// - Returns: how many units have the parent.
    private func count(
        _ parent: UInt16, _ isRarest: Bool, _ numberOf: [Int32], _ counts: inout [UInt32]
    ) -> Int {
        let range = places(of: parent)
        items.withUnsafeBufferPointer { items in
            places.withUnsafeBufferPointer { places in
                numberOf.withUnsafeBufferPointer { numberOf in
                    counts.withUnsafeMutableBufferPointer { counts in
                        for index in range {
                            var at = Int(places[index])
                            if !isRarest { while at > 0, items[at - 1] != Self.end { at -= 1 } }
                            Self.count(items, from: at, numberOf, counts)
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
            places(of: first).count < places(of: second).count ? (first, second) : (second, first)
        var units = 0
        items.withUnsafeBufferPointer { items in
            numberOf.withUnsafeBufferPointer { numberOf in
                counts.withUnsafeMutableBufferPointer { counts in
                    for index in places(of: rarer) {
                        var start = Int(places[index])
                        while start > 0, items[start - 1] != Self.end { start -= 1 }
                        var at = start
                        while items[at] < other { at += 1 }
                        if items[at] != other { continue }
                        units += 1
                        Self.count(items, from: start, numberOf, counts)
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
        return places(of: first).compactMap { index -> UInt32? in
            let place = places[index]
            while unit + 1 < starts.count, starts[unit + 1] <= place { unit += 1 }
            let own = items[Int(starts[unit])...].prefix { $0 != Self.end }
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

    /// Whether it is one item, and what is added comes after it.
    var isRarest: Bool { items.count == 1 && added.allSatisfy { $0.item > items[0] } }
}
