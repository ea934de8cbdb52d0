/// Which bit of a block each of its units has.
///
/// Spans of one trace are neighbours. They lie in one word where it has room for them, with some bits left out before, so
/// that words can be counted apart from each other: several at once.
struct BlockLayout {
    /// The units of the frame that are in the block.
    let units: Range<Int>
    /// By unit of the block.
    let bitOf: [UInt32]
    /// By bit whose trace it is; empty if units are traces.
    private(set) var traceOf: [UInt32] = []
    /// The last bit of each trace, and the bits of no unit; empty if units are traces.
    private(set) var ends: [UInt64] = []
    let wordCount: Int
    /// By word the unit of the block that has its lowest bit, and behind the last how many there are: bits of a word are those
    /// of neighbours.
    let firsts: [UInt32]
    /// Whether a trace goes on from one word into the next.
    let hasLongTraces: Bool

    /// Traces, or spans of which nobody asks whose they are.
    init(_ units: Range<Int>) {
        self.units = units
        bitOf = Array(0..<UInt32(units.count))
        wordCount = (units.count + 63) / 64
        firsts = (0...wordCount).map { UInt32(min($0 * 64, units.count)) }
        hasLongTraces = false
    }

    /// - Parameters:
    ///   - units: whole traces.
    ///   - traces: by unit of the frame.
    init(_ units: Range<Int>, _ traces: UnsafeBufferPointer<UInt32>) {
        self.units = units
        var (bits, hasLong) = ([UInt32](), false)
        bits.reserveCapacity(units.count)
        var next = 0
        var unit = units.lowerBound
        while unit < units.upperBound {
            var end = unit + 1
            while end < units.upperBound, traces[end] == traces[unit] { end += 1 }
            if next & 63 + (end - unit) > 64 {
                next = (next + 63) / 64 * 64
                if end - unit > 64 { hasLong = true }
            }
            for _ in unit..<end {
                bits.append(UInt32(next))
                next += 1
            }
            unit = end
        }
        bitOf = bits
        hasLongTraces = hasLong
        wordCount = (next + 63) / 64
        var firsts: [UInt32] = []
        for (index, bit) in bits.enumerated() where Int(bit >> 6) == firsts.count {
            firsts.append(UInt32(index))
        }
        self.firsts = firsts + [UInt32(bits.count)]
        traceOf = [UInt32](repeating: 0, count: next)
        ends = [UInt64](repeating: .max, count: wordCount)
        for (index, unit) in units.enumerated() {
            let bit = bits[index]
            traceOf[Int(bit)] = traces[unit]
            if unit + 1 < units.upperBound, traces[unit + 1] == traces[unit] {
                ends[Int(bit >> 6)] &= ~(1 << UInt64(bit & 63))
            }
        }
    }
}
