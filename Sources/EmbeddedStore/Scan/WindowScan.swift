internal import Spans
internal import Store

/// Where the figures of each key go.
struct KeyPlaces: Sendable {
    /// By key.
    let place: [Int32]

    /// Together with all others that are not shown.
    static let other: Int32 = -1
    /// Into no figures at all.
    static let nowhere: Int32 = -2
}

/// The scans of all frames over one window of time, with one numbering of their groups.
struct WindowScan {
    let scans: [any FrameScan]
    private let numbers: GroupNumbers
    let unitCount: Int
    let failureCount: Int

    /// - Parameters:
    ///   - keys: the groups of another window; then those of this one too.
    ///   - failuresLeast: groups with fewer failures are of no use.
    init(
        _ scans: [any FrameScan], _ keys: inout ByteDictionary, failuresLeast: Int = 0,
        _ control: ScanControl
    ) throws {
        self.scans = scans
        unitCount = scans.reduce(0) { $0 + $1.unitCount }
        failureCount = scans.reduce(0) { $0 + $1.failureCount }
        numbers = try GroupNumbers(scans, keys, failuresLeast: failuresLeast, control)
        keys = numbers.keys
    }

    /// For each frame and group its key.
    var keyOf: [[UInt32]] { numbers.keyOf }

    /// The counts of a group, which this window may not have at all.
    func tally(_ key: Int) -> Tally {
        key < numbers.tallies.count ? numbers.tallies[key] : Tally()
    }

    /// The figures of all units, each once.
    func total(_ plan: FigurePlan, _ control: ScanControl) throws -> SliceFigures {
        let codes = try distinctCodes(plan)
        let parts = try Scanner.parallel(Array(scans.indices)) { [scans] index in
            try control.check()
            return try scans[index].total(plan, distinctCodes: codes[index])
        }
        return parts.reduce(into: SliceFigures(plan)) { $0.merge($1) }
    }

    /// The figures of keys at their places, and last those of the others; of each one for each step.
    func cells(
        _ places: KeyPlaces, _ count: Int, _ plan: FigurePlan, grid: StepGrid?,
        _ control: ScanControl
    ) throws -> [SliceFigures] {
        let stepCount = grid?.count ?? 1
        @Sendable func reserve(_ count: Int) throws {
            let bytes = MemoryLayout<SliceFigures>.stride + 64
            try control.reserve(count * stepCount * bytes, grid == nil ? .rows : .steps)
        }
        if grid == nil, plan.isCountsOnly {
            try reserve(count + 1)
            return counts(places, count, plan)
        }
        let codes = try distinctCodes(plan)
        let parts = try Scanner.parallel(Array(scans.indices)) { [scans, keyOf] index in
            try control.check()
            let own = OwnPlaces(keyOf[index], places)
            try reserve(own.chosen.count + 1)
            let cells = try scans[index].cells(
                place: own.place, count: own.chosen.count, plan, grid: grid,
                distinctCodes: codes[index])
            return (chosen: own.chosen, cells: cells)
        }
        try reserve(count + 1)
        var cells = [SliceFigures](repeating: SliceFigures(plan), count: (count + 1) * stepCount)
        for part in parts {
            for (own, place) in (part.chosen + [Int32(count)]).enumerated() {
                for step in 0..<stepCount where part.cells[own * stepCount + step].count > 0 {
                    cells[Int(place) * stepCount + step].merge(part.cells[own * stepCount + step])
                }
            }
        }
        return cells
    }

    /// Counts are known since groups were put together.
    private func counts(
        _ places: KeyPlaces, _ count: Int, _ plan: FigurePlan
    ) -> [SliceFigures] {
        var cells = [SliceFigures](repeating: SliceFigures(plan), count: count + 1)
        for (key, place) in places.place.enumerated() where place != KeyPlaces.nowhere {
            let cell = place == KeyPlaces.other ? count : Int(place)
            let tally = tally(key)
            cells[cell].count += tally.count
            cells[cell].failures += tally.failures
        }
        return cells
    }

    /// For each frame and field of distinct values, numbers of its values that hold in all frames.
    private func distinctCodes(_ plan: FigurePlan) throws -> [[[UInt32]]] {
        if plan.distinct.isEmpty { return scans.map { _ in [] } }
        var dictionaries = plan.distinct.map { _ in ByteDictionary() }
        return try scans.map { scan in
            try scan.distinctValues(plan).enumerated().map { index, values in
                let table = values.field.values
                return [0]
                    + (0..<UInt32(table.count)).map { code in
                        table.tagged(code + 1).withUnsafeBytes {
                            dictionaries[index].code(of: $0)
                        }
                    }
            }
        }
    }
}

/// The places of those groups of one frame that are shown: of hundreds of thousands of rows a frame has a part only.
private struct OwnPlaces {
    /// For each group of the frame its place among `chosen`, or one of `KeyPlaces`.
    private(set) var place: [Int32] = []
    /// Places of the query.
    private(set) var chosen: [Int32] = []

    /// - Parameter keys: for each group of the frame its key, or `max`. No two have the same.
    init(_ keys: [UInt32], _ places: KeyPlaces) {
        place.reserveCapacity(keys.count)
        for key in keys {
            let place = key == .max ? KeyPlaces.nowhere : places.place[Int(key)]
            if place < 0 {
                self.place.append(place)
            } else {
                self.place.append(Int32(chosen.count))
                chosen.append(place)
            }
        }
    }
}
