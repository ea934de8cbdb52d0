internal import Spans
internal import Store

/// What is kept of one frame's scan while a question goes through more frames than may be held at once: its groups and
/// their counts. Where figures are to be summed the frame is scanned once more.
///
/// A scan holds some forty bytes for each of its rows: of ten million spans that would be more than all else together.
struct PassingScan: KeptScan {
    private let again: @Sendable () throws -> SliceScan
    /// The values of the groups that have units, as bytes (`GroupKey`), and the groups' numbers.
    private let keys: ByteDictionary
    private let groups: [UInt32]
    let tallies: [Tally]
    let totals: FrameTotals

    /// - Parameter again: makes the same scan, whose groups may have other numbers: they are told by their values.
    init(_ scan: SliceScan, again: @escaping @Sendable () throws -> SliceScan) {
        self.again = again
        var keys = ByteDictionary()
        var groups: [UInt32] = []
        scan.visitGroups { group, key, _ in
            _ = keys.code(of: key)
            groups.append(UInt32(group))
        }
        self.keys = keys
        self.groups = groups
        tallies = scan.tallies
        totals = FrameTotals(scan)
    }

    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) {
        for (index, group) in groups.enumerated() {
            keys.withValue(index) { body(Int(group), $0, tallies[Int(group)]) }
        }
    }

    /// None: with distinct values, whose codes are a scan's own, scans are held (`Scanner`).
    func distinctValues(_ plan: FigurePlan) -> [UnitValues] { [] }

    func total(_ plan: FigurePlan, distinctCodes: [[UInt32]]) throws -> SliceFigures {
        try again().total(plan, distinctCodes: distinctCodes)
    }

    func cells(
        place: [Int32], count: Int, _ plan: FigurePlan, grid: StepGrid?,
        distinctCodes: [[UInt32]]
    ) throws -> [SliceFigures] {
        let scan = try again()
        return try scan.cells(
            place: self.place(place, in: scan), count: count, plan, grid: grid,
            distinctCodes: distinctCodes)
    }

    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) throws -> [[SliceFigures.Example]] {
        let scan = try again()
        return try scan.examples(
            haveFailed: haveFailed, place: self.place(place, in: scan), count: count)
    }

    /// The places of groups by their numbers in another scan of the same frame.
    private func place(_ place: [Int32], in scan: SliceScan) -> [Int32] {
        var places = [Int32](repeating: KeyPlaces.nowhere, count: scan.groupCount)
        scan.visitGroups { group, key, _ in
            if let index = keys.existingCode(of: key) {
                places[group] = place[Int(groups[Int(index)])]
            }
        }
        return places
    }
}
