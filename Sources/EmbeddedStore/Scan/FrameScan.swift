internal import Spans
internal import Store

/// What one frame gives to a query: scanned now, or kept from when it was asked before.
protocol FrameScan: Sendable {
    /// Units that match, how many of them failed, and their spans.
    var unitCount: Int { get }
    var failureCount: Int { get }
    var spanCount: Int { get }
    /// Matched traces without a root.
    var openTraces: Int { get }
    var droppedUpstream: Int { get }
    /// Whether each unit lies in exactly one group and counts whole there, so that the groups' figures add
    /// up to the total.
    var groupsAddUp: Bool { get }

    /// Some may have no unit.
    var groupCount: Int { get }

    /// Whether a group has units that failed, or such that did not. It may say yes of a group without units.
    func hasUnits(_ group: Int, haveFailed: Bool) throws -> Bool

    /// Visits the groups that have units: their numbers, the bytes of their values (`GroupKey`), and their counts.
    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) throws

    /// Likewise those of which some unit failed.
    func visitFailingGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) throws

    /// Visits the groups that have units and whose values are some of `keys`, each with its key.
    func visitGroups(
        _ wanted: [Int], of keys: ByteDictionary, _ body: (Int, Int, Tally) -> Void) throws

    /// For each field of which the plan wants distinct values, those of the units.
    func distinctValues(_ plan: FigurePlan) throws -> [UnitValues]

    /// The figures of all units, each once.
    func total(_ plan: FigurePlan, distinctCodes: [[UInt32]]) throws -> SliceFigures

    /// The figures of chosen groups, and last those of all others together; of each one for each step.
    ///
    /// - Parameters:
    ///   - place: for each group its place among the chosen, or one of `KeyPlaces`.
    ///   - count: how many are chosen.
    ///   - distinctCodes: for each field of distinct values the query's code of each of the frame's.
    func cells(
        place: [Int32], count: Int, _ plan: FigurePlan, grid: StepGrid?,
        distinctCodes: [[UInt32]]
    ) throws -> [SliceFigures]

    /// No unit starts later.
    var newestStart: Int64 { get }

    /// The newest units of chosen groups that failed, or the newest of those that did not, of each trace one.
    ///
    /// - Parameters:
    ///   - place: for each group its place among the chosen; negative for the others.
    ///   - count: how many are chosen.
    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) throws -> [[SliceFigures.Example]]
}

extension FrameScan {
    func visitFailingGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) throws {
        try visitGroups { group, key, tally in if tally.failures > 0 { body(group, key, tally) } }
    }

    func visitGroups(
        _ wanted: [Int], of keys: ByteDictionary, _ body: (Int, Int, Tally) -> Void
    ) throws {
        var isWanted = [Bool](repeating: false, count: keys.count)
        for key in wanted { isWanted[key] = true }
        try visitGroups { group, bytes, tally in
            if let key = keys.existingCode(of: bytes), isWanted[Int(key)] {
                body(group, Int(key), tally)
            }
        }
    }
}

extension SliceScan: FrameScan {
    var unitCount: Int { units.count }
    var failureCount: Int {
        if groups.isSingle { return tallies.reduce(0) { $0 + $1.failures } }
        var count = 0
        units.selection.visit { _, unit in count += units.hasFailed[unit] ? 1 : 0 }
        return count
    }
    var spanCount: Int { units.spanCount }
    var openTraces: Int { units.openTraces }
    var groupsAddUp: Bool { query.unit == .span && groups.isSingle }
    var groupCount: Int { groups.count }

    func hasUnits(_ group: Int, haveFailed: Bool) -> Bool {
        tallies[group].hasUnits(haveFailed: haveFailed)
    }

    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) {
        var scratch: [UInt8] = []
        for (group, tally) in tallies.enumerated() where tally.count > 0 {
            withKey(group, &scratch) { body(group, $0, tally) }
        }
    }

    func distinctValues(_ plan: FigurePlan) throws -> [UnitValues] { try inputs(plan).distinct }

    func total(_ plan: FigurePlan, distinctCodes: [[UInt32]]) throws -> SliceFigures {
        try FigureSums(self, plan, grid: nil, distinctCodes: distinctCodes).total()[0]
    }

    func cells(
        place: [Int32], count: Int, _ plan: FigurePlan, grid: StepGrid?,
        distinctCodes: [[UInt32]]
    ) throws -> [SliceFigures] {
        try FigureSums(self, plan, grid: grid, distinctCodes: distinctCodes)
            .cells(place: place, count: count)
    }

    var newestStart: Int64 { units.newestStart }

    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) throws -> [[SliceFigures.Example]] {
        var available = [Int](repeating: 0, count: count)
        for (tally, place) in zip(tallies, place) where place >= 0 {
            available[Int(place)] = haveFailed ? tally.failures : tally.count - tally.failures
        }
        let map = CellMap(
            units: groups.units, cellOf: groups.groupOf.map { place[Int($0)] }, count: count)
        let traceIDs = try TraceIDs(frame, query.unit)
        let found = CellExamples(
            haveFailed: haveFailed, map, try units.examples(traceIDs), available: available)
        return (0..<count).map { found.of($0, traceID: traceIDs.id) }
    }
}
