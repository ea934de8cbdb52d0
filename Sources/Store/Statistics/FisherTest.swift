internal import Foundation

/// Fisher's exact test of a 2 × 2 table (Fisher 1922), in logarithms, so that tables of millions neither
/// overflow nor vanish.
package enum FisherTest {
    /// Probabilities up to so much above the observed one count as equal to it, as in R and SciPy: rounding
    /// must not leave out a table that is as likely.
    private static let tolerance = 1e-7

    /// How likely it is that two groups of one rate differ at least so much, in either direction.
    ///
    /// - Parameters:
    ///   - a: failures of the first group, of `n`.
    ///   - b: failures of the second group, of `m`.
    /// - Returns: nil if one of the groups is empty.
    package static func twoSided(_ a: Int, of n: Int, _ b: Int, of m: Int) -> Double? {
        guard n > 0, m > 0 else { return nil }
        let failures = a + b
        let distribution = Hypergeometric(n: n, m: m, failures: failures)
        let (least, greatest) = (distribution.least, distribution.greatest)
        if least == greatest { return 1 }
        let limit = distribution.logarithm(a) + log(1 + tolerance)
        var sum = 0.0
        // Likely tables lie around the mode; beyond it each side only falls.
        let mode = distribution.mode
        for (start, step) in [(mode, -1), (mode + 1, 1)] {
            var k = start
            var isFound = false
            while k >= least, k <= greatest {
                let logarithm = distribution.logarithm(k)
                if logarithm <= limit {
                    isFound = true
                    let part = exp(logarithm)
                    sum += part
                    if part < sum * 1e-17 { break }
                } else if !isFound {
                    // Everything up to the first that is as unlikely may be leapt over.
                    k = distribution.boundary(from: k, to: step < 0 ? least : greatest, limit)
                    if distribution.logarithm(k) > limit { break }
                    continue
                }
                k += step
            }
        }
        return min(1, sum)
    }

    /// How likely it is that of groups of one rate the first has at least so many failures: its decimal logarithm.
    ///
    /// - Parameters:
    ///   - a: failures of the first group, of `n`.
    ///   - b: failures of the second group, of `m`.
    /// - Returns: 0 if one of the groups is empty, since then nothing is said.
    package static func greaterLog10(_ a: Int, of n: Int, _ b: Int, of m: Int) -> Double {
        guard n > 0, m > 0, a > 0 else { return 0 }
        let distribution = Hypergeometric(n: n, m: m, failures: a + b)
        return min(0, distribution.logarithmOfTail(from: a) / log(10))
    }
}
