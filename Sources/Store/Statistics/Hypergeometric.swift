internal import Foundation

/// How many of `failures` fall among `n` units that are drawn from `n + m` without putting back.
///
/// In logarithms, so that tables of millions neither overflow nor vanish.
struct Hypergeometric {
    let n: Int
    let m: Int
    let failures: Int
    private let constant: Double

    init(n: Int, m: Int, failures: Int) {
        self.n = n
        self.m = m
        self.failures = failures
        constant = -Binomial.logarithm(n + m, failures)
    }

    /// Of the probability of exactly `k`.
    func logarithm(_ k: Int) -> Double {
        constant + Binomial.logarithm(n, k) + Binomial.logarithm(m, failures - k)
    }

    var least: Int { max(0, failures - m) }
    var greatest: Int { min(failures, n) }

    var mode: Int {
        let estimate = (Double(failures) + 1) * (Double(n) + 1) / (Double(n + m) + 2)
        return min(greatest, max(least, Int(estimate)))
    }

    /// Of the probability of at least `k`.
    func logarithmOfTail(from k: Int) -> Double {
        if k <= least { return 0 }
        if k > greatest { return -.infinity }
        // Below the mode what lies under it is the smaller part.
        if k <= mode { return log1p(-exp(logarithmOfSum(from: k - 1, by: -1))) }
        return logarithmOfSum(from: k, by: 1)
    }

    /// Sums terms that only fall from `k` on, each from the one before it.
    private func logarithmOfSum(from k: Int, by step: Int) -> Double {
        var sum = 1.0
        var term = 1.0
        var k = k
        let first = logarithm(k)
        while term > sum * 1e-17 {
            let ratio: Double
            if step > 0 {
                ratio =
                    Double(failures - k) * Double(n - k)
                    / (Double(k + 1) * Double(m - failures + k + 1))
            } else {
                ratio =
                    Double(k) * Double(m - failures + k)
                    / (Double(failures - k + 1) * Double(n - k + 1))
            }
            term *= ratio
            if term <= 0 { break }
            sum += term
            k += step
        }
        return first + log(sum)
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

/// Binomial coefficients.
enum Binomial {
    static func logarithm(_ n: Int, _ k: Int) -> Double {
        lgamma(Double(n) + 1) - lgamma(Double(k) + 1) - lgamma(Double(n - k) + 1)
    }
}
