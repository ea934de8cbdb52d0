internal import Foundation
internal import Store

/// How many slices of each depth there may be whose margins let them be findings: never fewer than there are.
///
/// Counting them one by one would mean counting every combination of values that any two units share. A slice that can be a
/// finding has `k` members at least, and `N` units of at most `L` values each cannot fill more than `N · L / k` of
/// them; nor are there more than the values of each dimension multiplied. What is counted too much makes q-values greater.
struct HypothesisBounds {
    private let extents: [ValueExtent]
    private let units: Int

    init(_ extents: [ValueExtent], units: Int) {
        self.extents = extents
        self.units = units
    }

    /// - Parameters:
    ///   - depth: of how many dimensions a slice is.
    ///   - membersLeast: how many units it has at least.
    func count(depth: Int, membersLeast: Int) -> Int {
        var sum = 0.0
        func visit(_ first: Int, _ depth: Int, _ values: Double, _ longest: Double) {
            if depth == 0 {
                sum += min(values, Double(units) * longest / Double(membersLeast))
                return
            }
            for index in first..<max(first, extents.count) {
                let extent = extents[index]
                let own = min(
                    Double(extent.values),
                    Double(units) * Double(extent.longest) / Double(membersLeast))
                visit(index + 1, depth - 1, values * own, longest * Double(extent.longest))
            }
        }
        visit(0, depth, 1, 1)
        return Int(min(1e15, sum.rounded(.up)))
    }

    /// For each depth, how many units a slice needs in order to be a finding, and how many such slices there may be.
    ///
    /// - Parameter membersLeast: how many members reach a level, given as its decimal logarithm; nil if none do.
    func testable(
        depth: Int, level: Double, membersLeast: (Double) -> Int?
    ) -> [(members: Int, count: Int)] {
        // What all of them together would be: their harmonic number bounds that of the testable ones.
        let all = (1...depth).map { count(depth: $0, membersLeast: 1) }
        let harmonic = FalseDiscovery.harmonic(min(all.reduce(0, +), 1 << 50))
        return (1...depth).map { depth in
            var members = 1
            while true {
                let count = max(1, count(depth: depth, membersLeast: members))
                let limit = log10(level / (Double(all.count) * Double(count) * harmonic))
                guard let least = membersLeast(limit) else { return (.max, 1) }
                if least <= members { return (members, count) }
                members += 1
            }
        }
    }
}
