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

/// What a frame gives to a query: scanned now, or kept from when it was asked before.
enum FrameScan: Sendable {
    case scan(SliceScan)
    case answer(FrameAnswer)

    /// Visits the groups: the bytes of their values (`GroupKey`), and their counts.
    func visitGroups(_ body: (UnsafeRawBufferPointer, SliceScan.Tally) -> Void) {
        switch self {
        case .scan(let scan):
            var scratch: [UInt8] = []
            for (group, tally) in scan.tallies.enumerated() {
                scan.withKey(group, &scratch) { body($0, tally) }
            }
        case .answer(let answer):
            for (key, tally) in zip(answer.keys, answer.tallies) {
                key.withUnsafeBytes { body($0, tally) }
            }
        }
    }

    var unitCount: Int {
        switch self {
        case .scan(let scan): scan.units.numbers.count
        case .answer(let answer): answer.unitCount
        }
    }

    var failureCount: Int {
        switch self {
        case .scan(let scan): scan.units.hasFailed.count { $0 }
        case .answer(let answer): answer.failureCount
        }
    }

    var spanCount: Int {
        switch self {
        case .scan(let scan): scan.spanCount
        case .answer(let answer): answer.spanCount
        }
    }

    var openTraces: Int {
        switch self {
        case .scan(let scan): scan.openTraces
        case .answer(let answer): answer.openTraces
        }
    }

    var droppedUpstream: Int {
        switch self {
        case .scan(let scan): scan.droppedUpstream
        case .answer(let answer): answer.droppedUpstream
        }
    }

    /// Whether each unit lies in exactly one group and counts whole there.
    var groupsAddUp: Bool {
        switch self {
        case .scan(let scan): scan.groupsAddUp
        case .answer(let answer): answer.groupsAddUp
        }
    }
}

/// The scans of all frames over one window of time, with one numbering of their groups.
struct WindowScan {
    let scans: [FrameScan]
    /// By key.
    private var tallies: [SliceScan.Tally] = []
    /// For each frame and group its key.
    private var keyOf: [[UInt32]] = []
    let unitCount: Int
    let failureCount: Int

    init(_ scans: [FrameScan], _ keys: inout ByteDictionary) {
        self.scans = scans
        unitCount = scans.reduce(0) { $0 + $1.unitCount }
        failureCount = scans.reduce(0) { $0 + $1.failureCount }
        for scan in scans {
            var own: [UInt32] = []
            scan.visitGroups { bytes, tally in
                let key = keys.code(of: bytes)
                while tallies.count <= Int(key) { tallies.append(.init()) }
                tallies[Int(key)].count += tally.count
                tallies[Int(key)].failures += tally.failures
                own.append(key)
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
            switch scans[index] {
            case .answer(let answer): return answer.total
            case .scan(let scan):
                return try FigureSums(
                    scan, plan, grid: nil, distinctCodes: codes[index], withExamples: false
                ).total()[0]
            }
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
            let place = keyOf[index].map { places.place[Int($0)] }
            switch scans[index] {
            case .answer(let answer):
                return answer.cells(
                    place: place, count: count, plan, withExamples: withExamples)
            case .scan(let scan):
                return try FigureSums(
                    scan, plan, grid: grid, distinctCodes: codes[index],
                    withExamples: withExamples
                ).cells(place: place, count: count)
            }
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
            // Answers are not kept of plans with distinct values.
            guard case .scan(let scan) = scan else { return [] }
            return try scan.inputs(plan).distinct.enumerated().map { index, values in
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
