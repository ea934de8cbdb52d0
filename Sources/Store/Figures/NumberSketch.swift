/// Counts of doubles by size, from which any percentile follows to 0.4 %: mergeable, of bounded size.
///
/// The sister of `QuantileSketch` for numbers of any sign and size: a bucket is a sign, an exponent and the
/// first seven bits of a mantissa. Up to `QuantileSketch.exactMax` values percentiles are exact.
package struct NumberSketch: Sendable {
    private var values: [Double] = []
    /// By bucket; empty while `values` holds them all.
    private var buckets: [UInt32: Int] = [:]
    package private(set) var count = 0
    private var least = Double.infinity
    private var greatest = -Double.infinity

    package init() {}

    package mutating func add(_ value: Double) {
        if value.isNaN { return }
        count += 1
        least = min(least, value)
        greatest = max(greatest, value)
        if buckets.isEmpty {
            values.append(value)
            if count > QuantileSketch.exactMax { spill() }
        } else {
            buckets[Self.bucket(of: value), default: 0] += 1
        }
    }

    package mutating func merge(_ other: NumberSketch) {
        count += other.count
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
        if buckets.isEmpty, other.buckets.isEmpty {
            values += other.values
            if count > QuantileSketch.exactMax { spill() }
            return
        }
        if buckets.isEmpty { spill() }
        for value in other.values { buckets[Self.bucket(of: value), default: 0] += 1 }
        for (bucket, amount) in other.buckets { buckets[bucket, default: 0] += amount }
    }

    /// The value of rank ⌈q·n⌉; nil if there are none.
    package func quantile(_ q: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = min(count, max(1, Int((q * Double(count)).rounded(.up))))
        if buckets.isEmpty { return values.sorted()[rank - 1] }
        var seen = 0
        for (bucket, amount) in buckets.sorted(by: { $0.key < $1.key }) {
            seen += amount
            if seen >= rank { return min(greatest, max(least, Self.middle(of: bucket))) }
        }
        return nil
    }

    private mutating func spill() {
        for value in values { buckets[Self.bucket(of: value), default: 0] += 1 }
        values = []
    }

    private static let droppedBits = 52 - 7

    /// Buckets ascend as values do: negative patterns are inverted, others get the highest bit.
    static func bucket(of value: Double) -> UInt32 {
        let bits = value.bitPattern
        let ordered = bits >> 63 == 1 ? ~bits : bits | 1 << 63
        return UInt32(truncatingIfNeeded: ordered >> UInt64(droppedBits))
    }

    static func middle(of bucket: UInt32) -> Double {
        // Zero would otherwise read as a denormal.
        if bucket == Self.bucket(of: 0) { return 0 }
        let ordered = UInt64(bucket) << UInt64(droppedBits) | 1 << UInt64(droppedBits - 1)
        return Double(bitPattern: ordered >> 63 == 1 ? ordered & ~(1 << 63) : ~ordered)
    }
}
