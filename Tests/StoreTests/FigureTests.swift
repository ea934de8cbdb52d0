import Foundation
import TestSupport
import Testing

@testable import Store

@Suite struct `Number figures` {
    private static let plan = FigurePlan([
        .aggregate(.percentile(50), Field("x")), .aggregate(.histogram, Field("x")),
    ])

    /// Integers, doubles and negative numbers of many sizes.
    private func numbers(_ count: Int, seed: UInt64) -> [Number] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            Bool.random(using: &random)
                ? .integer(Int64.random(in: -1_000_000_000...1_000_000_000, using: &random))
                : .double(
                    Double.random(in: -1...1, using: &random)
                        * pow(10, Double.random(in: -5...12, using: &random)))
        }
    }

    private func merged(_ numbers: [Number], parts: Int) -> NumberFigures {
        var sum = NumberFigures(Self.plan.numbers[0])
        for part in stride(from: 0, to: numbers.count, by: parts) {
            var figures = NumberFigures(Self.plan.numbers[0])
            for number in numbers[part..<min(numbers.count, part + parts)] { figures.add(number) }
            sum.merge(figures)
        }
        return sum
    }

    @Test(arguments: [1, 2, 999, 1000, 1001, 20_000])
    func `merge to what all numbers together give`(count: Int) throws {
        let numbers = numbers(count, seed: UInt64(count))
        let figures = merged(numbers, parts: 700)
        let sorted = numbers.map(\.double).sorted()
        #expect(figures.count == count)
        #expect(figures.value(.least).number == sorted.first)
        #expect(figures.value(.greatest).number == sorted.last)
        for q in [0.01, 0.25, 0.5, 0.95, 1] {
            let rank = min(count, max(1, Int((q * Double(count)).rounded(.up))))
            let exact = sorted[rank - 1]
            let found = try #require(figures.value(.percentile(q * 100)).number)
            if count <= QuantileSketch.exactMax {
                #expect(found == exact)
            } else {
                #expect(abs(found - exact) <= abs(exact) * 0.01)
            }
        }
    }

    @Test func `sum integers with all their digits`() {
        let figures = merged(
            [.integer(.max), .integer(.max), .integer(.max), .integer(1)], parts: 2)
        #expect(figures.value(.sum) == .integer(Int128(Int64.max) * 3 + 1))
    }

    @Test func `do not lose small doubles beside large ones`() throws {
        let numbers = (0..<1000).flatMap { _ in
            [Number.double(1e16), .double(1), .double(-1e16)]
        }
        let sum = try #require(merged(numbers, parts: 7).value(.sum).number)
        #expect(abs(sum - 1000) < 1e-6)
    }

    @Test func `say nothing of nothing, but that its sum is 0`() {
        let figures = NumberFigures(Self.plan.numbers[0])
        #expect(figures.value(.sum) == .integer(0))
        #expect(figures.value(.average) == .none)
        #expect(figures.value(.least) == .none)
        #expect(figures.value(.percentile(50)) == .none)
        #expect(figures.value(.histogram) == .histogram([]))
    }

    @Test(arguments: [0.0, 1, -1, 0.5, 2, 4.999, 5, 1e-9, -1e-9, 1e300, -1e300, 199.99, 200])
    func `put every number into the bucket that holds it`(value: Double) throws {
        var histogram = Histogram()
        histogram.add(value)
        let bucket = try #require(histogram.buckets.first)
        #expect(histogram.buckets.count == 1)
        #expect(bucket.count == 1 && bucket.low <= value && value < bucket.high)
    }

    @Test func `count every number once in a histogram`() {
        let numbers = numbers(5000, seed: 3)
        guard case .histogram(let buckets) = merged(numbers, parts: 11).value(.histogram) else {
            Issue.record("no histogram")
            return
        }
        for bucket in buckets {
            let inside = numbers.count { bucket.low <= $0.double && $0.double < bucket.high }
            #expect(bucket.count == inside)
        }
        #expect(buckets.reduce(0) { $0 + $1.count } == 5000)
    }
}

@Suite struct `Fisher's exact test` {
    /// The definition, with exact binomials: probabilities of all tables at most as likely as this one.
    private func bruteForce(_ a: Int, _ n: Int, _ b: Int, _ m: Int) -> Double {
        func choose(_ n: Int, _ k: Int) -> Double {
            k < 0 || k > n ? 0 : (0..<k).reduce(1) { $0 * Double(n - $1) / Double($1 + 1) }
        }
        let failures = a + b
        let all = choose(n + m, failures)
        let own = choose(n, a) * choose(m, b) / all
        return (0...min(n, failures)).reduce(0) { sum, k in
            let likelihood = choose(n, k) * choose(m, failures - k) / all
            return likelihood <= own * (1 + 1e-7) ? sum + likelihood : sum
        }
    }

    @Test(arguments: 0..<300)
    func `agrees with its definition`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let n = Int.random(in: 1...60, using: &random)
        let m = Int.random(in: 1...60, using: &random)
        let a = Int.random(in: 0...n, using: &random)
        let b = Int.random(in: 0...m, using: &random)
        let p = try #require(FisherTest.twoSided(a, of: n, b, of: m))
        let expected = min(1, bruteForce(a, n, b, m))
        #expect(abs(p - expected) <= expected * 1e-8, "\(a)/\(n) \(b)/\(m)")
    }

    /// Values that SciPy 1.17 gives (`scipy.stats.fisher_exact`).
    @Test(arguments: [
        (1, 10, 1, 10, 1.0), (8, 10, 1, 10, 0.005477494641581329),
        (100, 1000, 50, 1000, 2.747498052166883e-05),
        (0, 5, 0, 7, 1.0), (3915, 189_334, 2000, 100_000, 0.2241880231135422),
        (809, 1137, 3106, 188_197, 0.0),
    ])
    func `agrees with SciPy`(a: Int, n: Int, b: Int, m: Int, expected: Double) throws {
        let p = try #require(FisherTest.twoSided(a, of: n, b, of: m))
        #expect(abs(p - expected) <= max(1e-12, expected * 1e-6))
    }

    @Test func `stays quick and within 0 and 1 for millions`() throws {
        for (a, b) in [(10_000, 10_000), (10_000, 10_500), (0, 20_000), (20_000, 0)] {
            let p = try #require(FisherTest.twoSided(a, of: 5_000_000, b, of: 5_000_000))
            #expect(p >= 0 && p <= 1)
        }
        #expect(FisherTest.twoSided(0, of: 0, 1, of: 2) == nil)
    }
}

@Suite struct `Steps of time` {
    private let second: Int64 = 1_000_000_000

    @Test(arguments: 0..<200)
    func `cover the range without a gap, aligned to the epoch`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let from = Int64.random(in: -1_000_000...1_800_000_000, using: &random) * second
        let to = from + Int64.random(in: 1...90_000, using: &random) * second
        let step = Int64.random(in: 60...7200, using: &random) * second
        let grid = try StepGrid(.aligned(nanoseconds: step), from: from, to: to)
        #expect(grid.start <= from && grid.start > from - step && grid.start % step == 0)
        #expect(grid.time(of: grid.count) >= to && grid.time(of: grid.count - 1) < to)
        #expect(grid.index(of: from) == 0 && grid.index(of: to - 1) == grid.count - 1)
        #expect(grid.isPartial(0) == (grid.start < from || grid.start + step > to))
        let automatic = try StepGrid(.aligned(nanoseconds: nil), from: from, to: to)
        #expect(automatic.count <= StepGrid.automaticMax)
    }

    @Test func `are refused beyond the limit, with a length that would do`() throws {
        let most = Int64(StepGrid.countMax)
        let atLimit = try StepGrid(.aligned(nanoseconds: second), from: 0, to: most * second)
        #expect(atLimit.count == StepGrid.countMax)
        #expect {
            try StepGrid(.aligned(nanoseconds: second), from: 0, to: most * second + 1)
        } throws: { error in
            guard case .tooManySteps(let count, let suggestion)? = error as? QueryError else {
                return false
            }
            return count == StepGrid.countMax + 1 && most * second / suggestion < 120
        }
    }
}
