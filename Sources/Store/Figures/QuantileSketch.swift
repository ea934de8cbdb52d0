/// Counts of values by size, from which any percentile follows to 0.4 %: mergeable, of bounded size.
///
/// Buckets are log-linear, 128 for each power of two, as in HdrHistogram (Gil Tene); a value is told
/// apart from its neighbours by its seven bits below the highest. Up to `exactMax` values are kept as
/// they are, and percentiles are exact.
package struct QuantileSketch: Sendable {
    /// Up to so many values percentiles are exact.
    package static let exactMax = 1000

    @usableFromInline static let subBits = 7
    package static let bucketCount = (64 - subBits + 1) << subBits

    private var values: [UInt64] = []
    /// Empty while `values` holds them all.
    private var buckets: [UInt32] = []
    package private(set) var count = 0

    package init() {}

    package init(_ values: [UInt64]) {
        count = values.count
        self.values = values
        if count > Self.exactMax { spill() }
    }

    /// - Parameter buckets: how many of `count` values, more than `exactMax`, lie in each bucket.
    package init(buckets: some Collection<UInt32>, count: Int) {
        self.count = count
        self.buckets = Array(buckets)
    }

    package mutating func add(_ value: UInt64) {
        count += 1
        if buckets.isEmpty {
            values.append(value)
            if count > Self.exactMax { spill() }
        } else {
            buckets[Self.bucket(of: value)] += 1
        }
    }

    package mutating func merge(_ other: QuantileSketch) {
        count += other.count
        if buckets.isEmpty, other.buckets.isEmpty {
            values += other.values
            if count > Self.exactMax { spill() }
            return
        }
        if buckets.isEmpty { spill() }
        for value in other.values { buckets[Self.bucket(of: value)] += 1 }
        for index in other.buckets.indices { buckets[index] += other.buckets[index] }
    }

    /// The value of rank ⌈q·n⌉; nil if there are none.
    package func quantile(_ q: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = min(count, max(1, Int((q * Double(count)).rounded(.up))))
        if buckets.isEmpty { return Double(values.sorted()[rank - 1]) }
        var seen = 0
        for index in buckets.indices where buckets[index] > 0 {
            seen += Int(buckets[index])
            if seen >= rank { return Self.middle(of: index) }
        }
        return nil
    }

    private mutating func spill() {
        buckets = [UInt32](repeating: 0, count: Self.bucketCount)
        for value in values { buckets[Self.bucket(of: value)] += 1 }
        values = []
    }

    /// The bucket of a value, below `bucketCount`.
    @inlinable
    package static func bucket(of value: UInt64) -> Int {
        let exponent = 63 - (value | 1).leadingZeroBitCount
        guard exponent > subBits else { return Int(value) }
        let shift = exponent - subBits
        return (shift << subBits) + Int(value >> UInt64(shift))
    }

    static func middle(of bucket: Int) -> Double {
        guard bucket >= 2 << subBits else { return Double(bucket) }
        let shift = (bucket >> subBits) - 1
        let low = UInt64(bucket - shift << subBits) << UInt64(shift)
        return Double(low) + (Double(UInt64(1) << UInt64(shift)) - 1) / 2
    }
}
