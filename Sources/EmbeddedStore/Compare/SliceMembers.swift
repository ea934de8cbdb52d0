internal import Store

/// Which units of a window are in each of some slices.
struct SliceMembers: Sendable {
    let frames: [Frame]

    struct Frame: Sendable {
        let compared: ComparedFrame
        /// By slice.
        let units: [FrameUnits]
        /// Of spans, by row the number of its trace.
        let traceOf: Codes?
    }

    /// - Parameter slices: the items of each; of none everything.
    init(
        _ slices: [[Int]], of items: CompareItems, _ population: Population,
        _ control: ScanControl
    ) throws {
        frames = try Scanner.parallel(population.frames) { frame in
            let resolver = frame.passing(population.keepsNothing)
            let units = try Self.units(slices, items, frame, resolver, control)
            frame.dropColumns()
            let traceOf = try frame.traceOf(frame.passing(true)).map { Codes($0) }
            try control.reserve(
                units.reduce(traceOf?.byteCount ?? 0) { $0 + $1.byteCount }, .cohorts)
            return Frame(compared: frame, units: units, traceOf: traceOf)
        }
    }

    private static func units(
        _ slices: [[Int]], _ items: CompareItems, _ frame: ComparedFrame,
        _ resolver: FieldResolver, _ control: ScanControl
    ) throws -> [FrameUnits] {
        let unitCount = frame.isTarget.count
        // What conjunctions are made of, them too; other slices are of one value.
        let joined = slices.map { slice in
            slice.isEmpty || slice.contains { $0 >= items.joinedCount }
                ? nil : slice.map { UInt16($0) }
        }
        let plan = ConjunctionPlan(of: joined.compactMap { $0 }, items)
        var members = try ConjunctionBits(
            plan: plan, columns: plan.columns(items, frame, resolver, control),
            unitCount: unitCount, selection: frame.selection, traceOf: nil, isTarget: nil
        ).members(control)[...]
        let others = zip(slices, joined).compactMap { $1 == nil ? $0.first : nil }
        let holders = try holders(of: Set(others), items, frame, resolver, control)
        return zip(slices, joined).map { slice, joined in
            if joined != nil { return members.removeFirst() }
            if let item = slice.first { return FrameUnits(holders[item] ?? [], of: unitCount) }
            var all: [UInt32] = []
            frame.selection.visit { _, unit in all.append(UInt32(unit)) }
            return FrameUnits(all, of: unitCount)
        }
    }

    /// The units of a frame that have each of some values.
    private static func holders(
        of wanted: Set<Int>, _ items: CompareItems, _ frame: ComparedFrame,
        _ resolver: FieldResolver, _ control: ScanControl
    ) throws -> [Int: [UInt32]] {
        var holders: [Int: [UInt32]] = [:]
        for dimension in Set(wanted.map { items.items[$0].dimension }).sorted() {
            try control.check()
            let own = wanted.filter { items.items[$0].dimension == dimension }
            var placeOf = [Int](repeating: -1, count: items.numbers(of: dimension).count)
            for (place, item) in own.enumerated() { placeOf[Int(items.items[item].code)] = place }
            let codes = try items.codes(dimension, frame, resolver)
            let lists = codes.reading { codes in
                placeOf.withUnsafeBufferPointer { placeOf in
                    HolderLists.of(own.count) { body in
                        frame.selection.visit { _, unit in
                            codes.visit(unit) { code in
                                if Int(code) < placeOf.count, placeOf[Int(code)] >= 0 {
                                    body(placeOf[Int(code)], unit)
                                }
                            }
                        }
                    }
                }
            }
            for (item, list) in zip(own, lists) { holders[item] = list }
        }
        return holders
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
            var counters = [TraceCounter](repeating: TraceCounter(), count: count)
            counters.withUnsafeMutableBufferPointer { counters in
                stratumOf[index].withUnsafeBufferPointer { stratumOf in
                    frame.compared.reading(traceOf: frame.traceOf) { reader in
                        if let slice {
                            frame.units[slice].visit { unit in
                                reader.add(Int(unit), to: &counters[Int(stratumOf[Int(unit)])])
                            }
                        } else {
                            frame.compared.selection.visit { _, unit in
                                reader.add(unit, to: &counters[Int(stratumOf[unit])])
                            }
                        }
                    }
                }
            }
            for stratum in 0..<count { sums[stratum] += counters[stratum].tallies }
        }
        return sums
    }
}
