internal import Store

/// Leaves out slices that others say better, as far as counts alone tell: what is left is looked at unit by unit
/// (`FindingSelection`).
struct Dominance {
    private let test: CompareTest
    /// By its items each slice that was counted.
    private let tallies: [[Int]: SliceCandidate]

    /// A conjunction must be worse than each of its parts without its last value, beyond this chance.
    static let betterLog10 = -4.0

    init(_ slices: [SliceCandidate], _ test: CompareTest) {
        self.test = test
        var tallies: [[Int]: SliceCandidate] = [:]
        for slice in slices { tallies[slice.items] = slice }
        self.tallies = tallies
    }

    /// - Parameters:
    ///   - standing: slices that are discoveries.
    ///   - limits: by family, the greatest p-value of a discovery.
    func undominated(_ standing: [SliceCandidate], limits: [Double]) -> [SliceCandidate] {
        var explained: Set<[Int]> = []
        for slice in standing {
            for left in slice.items {
                let part = slice.items.filter { $0 != left }
                if let whole = tallies[part], isExplained(whole, by: slice, limits) {
                    explained.insert(part)
                }
            }
        }
        return standing.filter { !explained.contains($0.items) && isBetterThanParts($0) }
    }

    /// Whether a slice stands out only because of a worse one that lies in it: what is left without it does not.
    private func isExplained(
        _ whole: SliceCandidate, by part: SliceCandidate, _ limits: [Double]
    ) -> Bool {
        var rest = whole.now
        rest -= part.now
        guard test.isBetter(part.now, than: whole.now, log10Level: Self.betterLog10) else {
            return false
        }
        var earlier = whole.before
        earlier -= part.before
        // Held against what is not in the slice at all.
        let others = CompareTest(
            now: Tally(
                count: test.now.count - part.now.count,
                failures: test.now.failures - part.now.failures),
            before: test.before)
        return others.log10P(rest, earlier) > limits[whole.family]
    }

    private func isBetterThanParts(_ slice: SliceCandidate) -> Bool {
        if slice.items.count < 2 { return true }
        return slice.items.allSatisfy { left in
            // What was not counted has too few of the target to be a part.
            guard let part = tallies[slice.items.filter { $0 != left }] else { return true }
            return test.isBetter(slice.now, than: part.now, log10Level: Self.betterLog10)
        }
    }
}
