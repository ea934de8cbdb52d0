internal import Store

/// Which units of a window are in each of some slices.
struct SliceMembers: Sendable {
    let frames: [Frame]

    struct Frame: Sendable {
        let compared: ComparedFrame
        /// By slice.
        let units: [FrameUnits]
    }

    /// - Parameter slices: the items of each; of none everything.
    init(
        _ slices: [[Int]], of items: CompareItems, _ population: Population,
        _ control: ScanControl
    ) throws {
        frames = try Scanner.parallel(population.frames) { frame in
            let resolver = frame.passing(population.keepsNothing)
            let units = try Self.units(slices, items, frame, resolver, control)
            try control.reserve(units.reduce(0) { $0 + $1.byteCount }, .cohorts)
            return Frame(compared: frame, units: units)
        }
    }

    /// How many units and traces are in each slice, without keeping which.
    static func tallies(
        _ slices: [[Int]], of items: CompareItems, _ population: Population,
        _ control: ScanControl
    ) throws -> [UnitTallies] {
        let parts = try Scanner.parallel(population.frames) { frame in
            let resolver = frame.passing(population.keepsNothing)
            return try units(slices, items, frame, resolver, control).map { units in
                var counter = TraceCounter(frame.traceOf)
                units.visit { counter.add(Int($0), frame.isTarget[Int($0)]) }
                return counter.tallies
            }
        }
        return slices.indices.map { slice in
            parts.reduce(into: UnitTallies()) { $0 += $1[slice] }
        }
    }

    private static func units(
        _ slices: [[Int]], _ items: CompareItems, _ frame: ComparedFrame,
        _ resolver: FieldResolver, _ control: ScanControl
    ) throws -> [FrameUnits] {
        let wanted = Set(slices.joined())
        let unitCount = frame.isTarget.count
        var holders: [Int: FrameUnits] = [:]
        for dimension in Set(wanted.map { items.items[$0].dimension }).sorted() {
            try control.check()
            let own = wanted.filter { items.items[$0].dimension == dimension }
            var placeOf = [Int](repeating: -1, count: items.numbers(of: dimension).count)
            for (place, item) in own.enumerated() { placeOf[Int(items.items[item].code)] = place }
            var lists = [[UInt32]](repeating: [], count: own.count)
            let codes = try items.codes(dimension, frame, resolver)
            frame.selection.visit { _, unit in
                codes.visit(unit) { code in
                    if Int(code) < placeOf.count, placeOf[Int(code)] >= 0 {
                        lists[placeOf[Int(code)]].append(UInt32(unit))
                    }
                }
            }
            for (item, list) in zip(own, lists) {
                holders[item] = FrameUnits(list, of: unitCount)
            }
        }
        return slices.map { slice in
            guard let first = slice.first else {
                var all: [UInt32] = []
                frame.selection.visit { _, unit in all.append(UInt32(unit)) }
                return FrameUnits(all, of: unitCount)
            }
            return slice.dropFirst().reduce(holders[first] ?? .none) {
                $0.common(with: holders[$1] ?? .none, of: unitCount)
            }
        }
    }

    /// How many units two slices have in common, and how many each has.
    func overlap(_ slice: Int, _ other: Int) -> (common: Int, sizes: (Int, Int)) {
        var common = 0
        var sizes = (0, 0)
        for frame in frames {
            let (a, b) = (frame.units[slice], frame.units[other])
            sizes.0 += a.count
            sizes.1 += b.count
            common += a.common(with: b, of: frame.compared.isTarget.count).count
        }
        return (common, sizes)
    }
}

// MARK: - Strata

/// Compared units by the last of the chosen slices that they are in; those that are in none are in stratum 0.
struct Strata: Sendable {
    private(set) var count = 1
    /// By frame and unit.
    private var stratumOf: [[UInt8]]

    /// More slices are not told apart.
    static let countMax = Int(UInt8.max)

    init(_ members: SliceMembers) {
        stratumOf = members.frames.map {
            [UInt8](repeating: 0, count: $0.compared.isTarget.count)
        }
    }

    /// Makes a stratum of the units that are in any of some slices.
    mutating func add(_ slices: [Int], of members: SliceMembers) {
        let number = UInt8(truncatingIfNeeded: count)
        count += 1
        for (index, frame) in members.frames.enumerated() {
            for slice in slices {
                frame.units[slice].visit { stratumOf[index][Int($0)] = number }
            }
        }
    }

    /// What a slice has in each stratum, or everything if it is nil.
    func tallies(_ slice: Int?, of members: SliceMembers) -> [UnitTallies] {
        var sums = [UnitTallies](repeating: UnitTallies(), count: count)
        for (index, frame) in members.frames.enumerated() {
            let stratumOf = stratumOf[index]
            var counters = [TraceCounter](
                repeating: TraceCounter(frame.compared.traceOf), count: count)
            func add(_ unit: Int) {
                counters[Int(stratumOf[unit])].add(unit, frame.compared.isTarget[unit])
            }
            if let slice {
                frame.units[slice].visit { add(Int($0)) }
            } else {
                frame.compared.selection.visit { _, unit in add(unit) }
            }
            for stratum in 0..<count { sums[stratum] += counters[stratum].tallies }
        }
        return sums
    }
}
