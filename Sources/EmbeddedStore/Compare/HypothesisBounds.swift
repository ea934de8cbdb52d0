internal import Foundation
internal import Store

/// How many slices of each depth there may be whose margins let them be findings: never fewer than there are.
///
/// Counting them one by one would mean counting every combination of values that any two units share. A slice that can be a
/// finding has `k` members at least, and `N` units of at most `L` values each cannot fill more than `N · L / k` of
/// them; numbers in bands have no more than their ranges. What is counted too much makes q-values greater.
struct HypothesisBounds {
    /// Dimensions of the same extent, and how many there are: of thousands of keys nearly all are alike.
    private let groups: [(extent: ValueExtent, count: Int)]
    private let units: Int
    private let dimensions: Int

    init(_ extents: [ValueExtent], units: Int) {
        groups = Dictionary(grouping: extents, by: { $0 }).map { ($0.key, $0.value.count) }
            .sorted {
                ($0.extent.longest, $0.extent.values ?? 0) < (
                    $1.extent.longest, $1.extent.values ?? 0
                )
            }
        self.units = units
        dimensions = extents.count
    }

    /// - Parameters:
    ///   - depth: of how many dimensions a slice is.
    ///   - membersLeast: how many units it has at least.
    func count(depth: Int, membersLeast: Int) -> Int {
        let most = Double(units) / Double(membersLeast)
        func sum(_ group: Int, _ depth: Int, _ values: Double, _ longest: Double) -> Double {
            if depth == 0 { return min(values, most * longest) }
            guard group < groups.count else { return 0 }
            let (extent, count) = groups[group]
            let own = min(
                extent.values.map(Double.init) ?? .infinity, most * Double(extent.longest))
            var total = 0.0
            var ways = 1.0
            var (values, longest) = (values, longest)
            for chosen in 0...min(depth, count) {
                if chosen > 0 {
                    ways *= Double(count - chosen + 1) / Double(chosen)
                    values *= own
                    longest *= Double(extent.longest)
                }
                total += ways * sum(group + 1, depth - chosen, values, longest)
            }
            return total
        }
        return Int(min(1e15, sum(0, depth, 1, 1).rounded(.up)))
    }

    /// For each depth, how many units a slice needs in order to be a finding, and how many such slices there may be; none
    /// if no slice can be one.
    ///
    /// - Parameter membersLeast: how many members reach a level, given as its decimal logarithm; nil if none do.
    func testable(
        depth: Int, level: Double, membersLeast: (Double) -> Int?
    ) -> [(members: Int, count: Int)] {
        let depths = (1...depth).filter { $0 <= dimensions }
        // What all of them together would be: their harmonic number bounds that of the testable ones.
        let all = depths.map { count(depth: $0, membersLeast: 1) }
        let harmonic = FalseDiscovery.harmonic(min(all.reduce(0, +), 1 << 50))
        return depths.map { depth in
            /// Whether slices of so many members may reach what as many of them leave each.
            func suffices(_ members: Int) -> Bool {
                let count = max(1, count(depth: depth, membersLeast: members))
                let limit = log10(level / (Double(depths.count) * Double(count) * harmonic))
                return membersLeast(limit).map { $0 <= members } ?? false
            }
            // The more members, the fewer slices, and the fewer members are needed.
            guard units > 0, suffices(units) else { return (.max, 0) }
            var (low, high) = (1, units)
            while low < high {
                let middle = (low + high) / 2
                if suffices(middle) { high = middle } else { low = middle + 1 }
            }
            return (low, max(1, count(depth: depth, membersLeast: low)))
        }
    }
}
