/// Exact counts of numbers by size, in steps of 1, 2 and 5 times powers of ten: bounds that people read, and
/// that are the same for every row and every part of a scan.
package struct Histogram: Sendable {
    /// Numbers from `low`, below `high`.
    package struct Bucket: Sendable, Equatable {
        package let low: Double
        package let high: Double
        package let count: Int
    }

    private var counts: [Int: Int] = [:]

    package init() {}

    package mutating func add(_ value: Double) {
        if !value.isNaN { counts[Self.index(of: value), default: 0] += 1 }
    }

    package mutating func merge(_ other: Histogram) {
        for (index, count) in other.counts { counts[index, default: 0] += count }
    }

    /// From the first that has any to the last, those between them that are empty included.
    package var buckets: [Bucket] {
        guard let first = counts.keys.min(), let last = counts.keys.max() else { return [] }
        return (first...last).map { index in
            Bucket(
                low: Self.bounds[index], high: Self.bounds[index + 1], count: counts[index] ?? 0)
        }
    }

    /// Ascending; from the negative ones over 0 to the positive ones.
    private static let bounds: [Double] = {
        var positive: [Double] = []
        for exponent in -6...15 {
            for lead in [1, 2, 5] { positive.append(Double("\(lead)e\(exponent)") ?? 0) }
        }
        positive.append(.infinity)
        return positive.reversed().map { -$0 } + [0] + positive
    }()

    private static func index(of value: Double) -> Int {
        var low = 0
        var high = bounds.count - 1
        // The last bound that is not above the value.
        while low + 1 < high {
            let middle = (low + high) / 2
            if bounds[middle] <= value { low = middle } else { high = middle }
        }
        return low
    }
}
