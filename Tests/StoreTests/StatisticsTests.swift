import Foundation
import TestSupport
import Testing

@testable import Store

@Suite struct `Fisher's exact test, one-sided` {
    private struct Table {
        let a: Int, n: Int, b: Int, m: Int
        let log10P: Double
    }

    /// `Tables/fisher.py` writes them.
    private static func tables() throws -> [Table] {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Tables/fisher.tsv")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map { line in
            let cells = line.split(separator: "\t")
            let counts = try cells.prefix(4).map { try #require(Int($0)) }
            return Table(
                a: counts[0], n: counts[1], b: counts[2], m: counts[3],
                log10P: try #require(Double(cells[4])))
        }
    }

    @Test func `gives what SciPy gives for thousands of tables`() throws {
        let tables = try Self.tables()
        #expect(tables.count == 4000)
        for table in tables {
            let log10P = FisherTest.greaterLog10(table.a, of: table.n, table.b, of: table.m)
            // Logarithms of factorials of millions have some eight digits behind the point.
            let tolerance = 1e-7 * max(1, abs(table.log10P))
            #expect(
                abs(log10P - table.log10P) <= tolerance,
                "\(table): \(log10P)")
        }
    }

    @Test func `equals counting all ways to draw`() {
        for n in 1...6 {
            for m in 1...6 {
                for a in 0...n {
                    for b in 0...m {
                        // Which of n + m units fail: all choices of a + b of them are alike.
                        var ways = 0
                        var asMany = 0
                        for choice in 0..<(1 << (n + m)) where choice.nonzeroBitCount == a + b {
                            ways += 1
                            asMany += (choice & (1 << n - 1)).nonzeroBitCount >= a ? 1 : 0
                        }
                        let p = pow(10, FisherTest.greaterLog10(a, of: n, b, of: m))
                        #expect(abs(p - Double(asMany) / Double(ways)) < 1e-12)
                    }
                }
            }
        }
    }

    @Test(arguments: [(0, 0, 5, 9), (3, 9, 0, 0), (0, 7, 3, 9)])
    func `says nothing of empty groups and of no failures`(a: Int, n: Int, b: Int, m: Int) {
        #expect(FisherTest.greaterLog10(a, of: n, b, of: m) == 0)
    }
}

@Suite struct `Slices that can be findings` {
    /// What a slice could reach at best, from the test itself.
    private static func best(_ members: Int, _ targets: Int, _ units: Int) -> Double {
        let most = min(members, targets)
        return FisherTest.greaterLog10(most, of: members, targets - most, of: units - members)
    }

    @Test(arguments: [(1, 10), (3, 40), (40, 2000), (800, 40_000), (4000, 190_000), (900, 1000)])
    func `no slice of fewer members can reach the level`(targets: Int, units: Int) {
        for level in [-1.3, -3, -6, -12, -40] {
            let least = Testability(targets: targets, units: units).membersLeast(
                log10Level: level)
            let reached = (1..<units).prefix(targets).first {
                Self.best($0, targets, units) <= level + 1e-9
            }
            #expect(least == reached, "\(level)")
        }
    }

    @Test func `beside a window of its own nothing is taken from it`() throws {
        let testability = Testability(targets: 20, units: 1000, isReference: true)
        for level in [-2.0, -5, -20] {
            let least = try #require(testability.membersLeast(log10Level: level))
            #expect(FisherTest.greaterLog10(least, of: least, 20, of: 1000) <= level + 1e-9)
            #expect(
                least == 1
                    || FisherTest.greaterLog10(least - 1, of: least - 1, 20, of: 1000) > level)
        }
    }
}

@Suite struct `False discovery rate` {
    /// Straight from the definition: the least level at which a hypothesis is among the rejected.
    private static func qByDefinition(
        _ pValues: [Double], weights: [Double], hypotheses: Int
    ) -> [Double] {
        let harmonic = (1...hypotheses).reduce(0.0) { $0 + 1 / Double($1) }
        let scaled = zip(pValues, weights).map { $0 / $1 }
        return scaled.map { own in
            // Of all levels at which something changes.
            let levels = scaled.flatMap { p in
                (1...pValues.count).map { p * harmonic / Double($0) }
            }.filter { $0 <= 1 }.sorted()
            for level in levels {
                let rejected = (1...pValues.count).last { rank in
                    scaled.count {
                        $0 <= level * Double(rank) / harmonic * (1 + 1e-12)
                    } >= rank
                }
                if let rejected,
                    own <= level * Double(rejected) / harmonic * (1 + 1e-12)
                {
                    return level
                }
            }
            return 1
        }
    }

    @Test(arguments: 0..<40) func `is the least level that rejects`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sizes = [
            Int.random(in: 3...20, using: &random), Int.random(in: 3...200, using: &random),
        ]
        let discovery = FalseDiscovery(sizes: sizes)
        let hypotheses = (0..<6).map { _ in
            (
                log10P: -Double.random(in: 0...6, using: &random),
                family: Int.random(in: 0...1, using: &random)
            )
        }
        // A family's part of the budget, for each of its hypotheses.
        let weights = hypotheses.map { 1 / (2 * Double(sizes[$0.family])) }
        let expected = Self.qByDefinition(
            hypotheses.map { pow(10, $0.log10P) }, weights: weights,
            hypotheses: sizes.reduce(0, +))
        for (q, other) in zip(discovery.qValues(hypotheses), expected) {
            #expect(abs(q - other) <= 1e-9 * max(q, other))
        }
    }

    @Test func `of one family is Benjamini and Yekutieli's`() {
        // R: p.adjust(c(0.0001, 0.004, 0.019, 0.095, 0.201), "BY")
        let discovery = FalseDiscovery(sizes: [5])
        let q = discovery.qValues([0.0001, 0.004, 0.019, 0.095, 0.201].map { (log10($0), 0) })
        let expected = [0.001141667, 0.022833333, 0.072305556, 0.271145833, 0.458950000]
        for (own, other) in zip(q, expected) { #expect(abs(own - other) < 1e-8) }
    }

    @Test(arguments: [1, 2, 99, 100, 101, 100_000])
    func `sums the harmonic series`(count: Int) {
        let sum = (1...count).reversed().reduce(0.0) { $0 + 1 / Double($1) }
        #expect(abs(FalseDiscovery.harmonic(count) - sum) < 1e-9)
    }
}
