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
        let least = max(0, failures - m)
        let greatest = min(failures, n)
        if least == greatest { return 1 }
        let distribution = Hypergeometric(n: n, m: m, failures: failures)
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
}

/// How many of `failures` fall into the first of two groups of `n` and `m`.
private struct Hypergeometric {
    let n: Int
    let m: Int
    let failures: Int
    private let constant: Double

    init(n: Int, m: Int, failures: Int) {
        self.n = n
        self.m = m
        self.failures = failures
        constant = -Self.choose(n + m, failures)
    }

    private static func choose(_ n: Int, _ k: Int) -> Double {
        lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
    }

    func logarithm(_ k: Int) -> Double {
        constant + Self.choose(n, k) + Self.choose(m, failures - k)
    }

    var mode: Int {
        let estimate = (Double(failures) + 1) * (Double(n) + 1) / (Double(n + m) + 2)
        return min(min(failures, n), max(max(0, failures - m), Int(estimate)))
    }

    /// The place nearest to `start` on the way to `end` at which the logarithm is at most `limit`, or `end`.
    func boundary(from start: Int, to end: Int, _ limit: Double) -> Int {
        var near = start
        var far = end
        if logarithm(far) > limit { return far }
        while abs(far - near) > 1 {
            let middle = (near + far) / 2
            if logarithm(middle) <= limit { far = middle } else { near = middle }
        }
        return far
    }
}
