internal import Foundation

/// Which of many hypotheses are discoveries, so that of those called so at most a given share is false.
///
/// The procedure of Benjamini and Yekutieli (2001), which holds however the hypotheses depend on each other: slices lie within
/// slices, and one span is in many. Its price is the factor H(m) = 1 + 1/2 + … + 1/m.
///
/// Hypotheses come in families, here by how many dimensions a slice has, and each family gets the same part of the budget
/// whatever its size: with weights that are fixed before any p-value is seen the procedure still holds (Genovese, Roeder
/// and Wasserman 2006; Blanchard and Roquain 2008, section 3, with π(h) = 1 / (families · size of its family)). Else the millions of
/// triples would make single values pay for them.
package struct FalseDiscovery: Sendable {
    /// How many hypotheses each family has, those that were not looked at any more included.
    package let sizes: [Int]
    /// The decimal logarithm of what a p-value of each family is multiplied by, if it ranks first.
    private let log10Factors: [Double]

    package init(sizes: [Int]) {
        self.sizes = sizes
        let families = sizes.count { $0 > 0 }
        let harmonic = Self.harmonic(sizes.reduce(0, +))
        log10Factors = sizes.map { size in
            log10(max(1, Double(families) * Double(size) * harmonic))
        }
    }

    package var hypotheses: Int { sizes.reduce(0, +) }

    /// 1 + 1/2 + … + 1/m, to nine digits (Euler).
    package static func harmonic(_ m: Int) -> Double {
        if m < 100 { return m < 1 ? 1 : (1...m).reduce(0) { $0 + 1 / Double($1) } }
        let m = Double(m)
        return log(m) + 0.577_215_664_901_532_9 + 1 / (2 * m) - 1 / (12 * m * m)
    }

    /// The greatest p-value of a family, its decimal logarithm, that is a discovery at a level.
    ///
    /// - Parameter rank: how many discoveries there are in all.
    package func log10Limit(family: Int, level: Double, rank: Int = 1) -> Double {
        log10(level) + log10(Double(max(1, rank))) - log10Factors[family]
    }

    /// The least level at which each hypothesis is a discovery, at most 1.
    ///
    /// - Parameter hypotheses: decimal logarithms of p-values, and their families. Those that are left out rank behind all of these.
    package func qValues(_ hypotheses: [(log10P: Double, family: Int)]) -> [Double] {
        let weighted = hypotheses.map { $0.log10P + log10Factors[$0.family] }
        let order = weighted.indices.sorted { weighted[$0] < weighted[$1] }
        var q = [Double](repeating: 1, count: weighted.count)
        var least = 0.0
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, weighted[index] - log10(Double(rank + 1)))
            q[index] = pow(10, least)
        }
        return q
    }
}
