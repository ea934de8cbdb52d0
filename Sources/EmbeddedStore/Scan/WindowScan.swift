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
    /// By key.
    private var tallies: [SliceScan.Tally] = []
    /// For each frame and group its key.
    private var keyOf: [[UInt32]] = []
    let unitCount: Int
    let failureCount: Int

    init(_ scans: [any FrameScan], _ keys: inout ByteDictionary) {
        self.scans = scans
        unitCount = scans.reduce(0) { $0 + $1.unitCount }
        failureCount = scans.reduce(0) { $0 + $1.failureCount }
        for scan in scans {
            // Groups without units get no figures, so theirs does not matter.
            var own = [UInt32](repeating: .max, count: scan.groupCount)
            scan.visitGroups { group, bytes, tally in
                let key = keys.code(of: bytes)
                while tallies.count <= Int(key) { tallies.append(.init()) }
                tallies[Int(key)].count += tally.count
                tallies[Int(key)].failures += tally.failures
                own[group] = key
            }
            keyOf.append(own)
        }
    }

    /// The counts of a group, which this window may not have at all.
    func tally(_ key: Int) -> SliceScan.Tally {
        key < tallies.count ? tallies[key] : SliceScan.Tally()
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
        withExamples: Bool = true, _ control: ScanControl
    ) throws -> [SliceFigures] {
        let codes = try distinctCodes(plan)
        let parts = try Scanner.parallel(Array(scans.indices)) { [scans, keyOf] index in
            try control.check()
            let place = keyOf[index].map {
                $0 == .max ? KeyPlaces.nowhere : places.place[Int($0)]
            }
            return try scans[index].cells(
                place: place, count: count, plan, grid: grid, distinctCodes: codes[index],
                withExamples: withExamples)
        }
        let size = (count + 1) * (grid?.count ?? 1)
        var cells = [SliceFigures](repeating: SliceFigures(plan), count: size)
        for part in parts {
            for (index, figures) in part.enumerated() where figures.count > 0 {
                cells[index].merge(figures)
            }
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
