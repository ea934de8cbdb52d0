internal import Spans
internal import Store

/// What one frame gives to a query that is asked again and again, with the figures of every group.
///
/// Frames of merged segments and of closed groups do not change, so a dashboard's next poll needs only what came since.
/// It is exact: the same figures, summed once. Kept within the budget of warm columns.
struct FrameAnswer: KeptScan, MemorySized {
    /// The values of each group as bytes (`GroupKey`).
    private let keys: [[UInt8]]
    let tallies: [Tally]
    /// By group.
    private let cells: [SliceFigures]
    /// Of all units, each once.
    private let ofAll: SliceFigures
    let totals: FrameTotals

    /// With more groups than this the figures of the few that are shown are summed anew.
    static let groupsMax = 4096

    var byteCount: Int {
        keys.reduce(0) { $0 + $1.count + 64 } + (cells + [ofAll]).reduce(0) { $0 + $1.byteCount }
    }

    /// nil if there are too many groups.
    init?(_ scan: SliceScan, _ plan: FigurePlan) throws {
        let present = scan.tallies.indices.filter { scan.tallies[$0].count > 0 }
        if present.count > Self.groupsMax { return nil }
        let sums = try FigureSums(scan, plan, grid: nil, distinctCodes: [])
        var scratch: [UInt8] = []
        keys = present.map { group in scan.withKey(group, &scratch) { Array($0) } }
        tallies = present.map { scan.tallies[$0] }
        var place = [Int32](repeating: KeyPlaces.nowhere, count: scan.tallies.count)
        for (index, group) in present.enumerated() { place[group] = Int32(index) }
        var cells = Array(sums.cells(place: place, count: present.count).dropLast())
        for haveFailed in [true, false] {
            let examples = try scan.examples(
                haveFailed: haveFailed, place: place, count: present.count)
            for (cell, examples) in examples.enumerated() {
                for example in examples { cells[cell].examples.insert(example) }
            }
        }
        self.cells = cells
        ofAll = sums.total()[0]
        totals = FrameTotals(scan)
    }

    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) {
        for (group, key) in keys.enumerated() {
            key.withUnsafeBytes { body(group, $0, tallies[group]) }
        }
    }

    /// None: no answers are kept of plans with distinct values (`FrameQuestion`).
    func distinctValues(_ plan: FigurePlan) -> [UnitValues] { [] }

    func total(_ plan: FigurePlan, distinctCodes: [[UInt32]]) -> SliceFigures { ofAll }

    /// Nor are any of steps, so there is no grid.
    func cells(
        place: [Int32], count: Int, _ plan: FigurePlan, grid: StepGrid?,
        distinctCodes: [[UInt32]]
    ) -> [SliceFigures] {
        var result = [SliceFigures](repeating: SliceFigures(plan), count: count + 1)
        for (group, place) in place.enumerated() where place != KeyPlaces.nowhere {
            let index = place == KeyPlaces.other ? count : Int(place)
            if result[index].count == 0 {
                result[index] = cells[group]
            } else {
                result[index].merge(cells[group])
            }
        }
        for index in result.indices { result[index].examples = [] }
        return result
    }

    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) -> [[SliceFigures.Example]] {
        var result = [[SliceFigures.Example]](repeating: [], count: count)
        for (group, place) in place.enumerated() where place >= 0 {
            result[Int(place)] = cells[group].examples.filter { $0.hasFailed == haveFailed }
        }
        return result
    }
}

extension SliceFigures {
    /// The memory that it holds, roughly: a sketch keeps up to a thousand values as they are.
    fileprivate var byteCount: Int {
        300 + min(count, 1000) * 8 * (1 + numbers.count) + numbers.count * 200
    }
}

/// A query whatever its time: what a dashboard asks again, and what a frame's part of the answer depends on.
struct FrameQuestion: Hashable, Sendable {
    private let by: [Field]
    private let condition: Expression?
    private let failure: Expression
    private let unit: Unit
    private let plan: FigurePlan
    private let percentiles: [Double: Double]

    /// nil for a query of which no answers are kept.
    init?(_ query: SliceQuery, _ plan: FigurePlan, _ percentiles: [Double: Double]) {
        // Steps and distinct values are numbered for the whole query.
        guard query.steps == nil, plan.distinct.isEmpty else { return nil }
        by = query.by
        condition = query.condition
        failure = query.failure
        unit = query.unit
        self.plan = plan
        self.percentiles = percentiles
        // Scores change without the frame. One too many that looks like a score's name costs nothing but time.
        if String(reflecting: self).contains("score.") { return nil }
    }
}

/// Names an answer that a frame keeps.
struct AnswerKey: Hashable, Sendable {
    private let question: FrameQuestion
    private let skippedMark: Int

    /// nil if the range cuts the frame, or the frame does not last.
    init?(_ question: FrameQuestion, _ range: TimeRange, in frame: any Frame) {
        guard let lasting = frame.lasting, range.contains(lasting.startMin),
            range.contains(lasting.startMax)
        else { return nil }
        self.question = question
        skippedMark = lasting.skippedMark
    }
}
