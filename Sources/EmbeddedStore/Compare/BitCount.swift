/// Counts bits that two sets of units have in common.
///
/// Without instructions of the newest processors counting the bits of a word takes some twelve operations. Here eight words are added up
/// bit by bit first, as by hand with carries (R. W. Harley; Warren, "Hacker's Delight", 2nd ed., section 5-1), so that one in eight is counted.
enum BitCount {
    /// Sets are of a multiple of so many words.
    static let wordsMultiple = 16

    private typealias Words = SIMD2<UInt64>

    /// - Parameter words: how many words both have, a multiple of `wordsMultiple`.
    static func common(
        _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, words: Int
    ) -> Int {
        let (a, b) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        @inline(__always) func both(_ at: Int) -> Words {
            a.loadUnaligned(fromByteOffset: at, as: Words.self)
                & b.loadUnaligned(fromByteOffset: at, as: Words.self)
        }
        var (ones, twos, fours, eights) = (Words.zero, Words.zero, Words.zero, Words.zero)
        let size = MemoryLayout<Words>.size
        var at = 0
        while at < words * 8 {
            let two1 = add(&ones, both(at), both(at + size))
            let two2 = add(&ones, both(at + 2 * size), both(at + 3 * size))
            let four1 = add(&twos, two1, two2)
            let two3 = add(&ones, both(at + 4 * size), both(at + 5 * size))
            let two4 = add(&ones, both(at + 6 * size), both(at + 7 * size))
            let four2 = add(&twos, two3, two4)
            eights &+= counts(add(&fours, four1, four2))
            at += 8 * size
        }
        let sum = eights &* 8 &+ counts(fours) &* 4 &+ counts(twos) &* 2 &+ counts(ones)
        return Int(sum[0] &+ sum[1])
    }

    /// Adds two words to a third bit by bit: what is left of each bit's sum, and what is carried.
    @inline(__always)
    private static func add(_ sum: inout Words, _ a: Words, _ b: Words) -> Words {
        let half = sum ^ a
        let carried = (sum & a) | (half & b)
        sum = half ^ b
        return carried
    }

    /// How many bits each word has.
    @inline(__always)
    private static func counts(_ words: Words) -> Words {
        var words = words
        words = words &- ((words &>> 1) & Words(repeating: 0x5555_5555_5555_5555))
        let pairs = Words(repeating: 0x3333_3333_3333_3333)
        words = (words & pairs) &+ ((words &>> 2) & pairs)
        words = (words &+ (words &>> 4)) & Words(repeating: 0x0f0f_0f0f_0f0f_0f0f)
        words = words &+ (words &>> 8)
        words = words &+ (words &>> 16)
        words = words &+ (words &>> 32)
        return words & Words(repeating: 0x7f)
    }

    /// In how many runs of bits two sets have one in common.
    ///
    /// Where all bits of a run but its last are set, adding any of them carries into the last.
    ///
    /// - Parameters:
    ///   - ends: the last bit of each run; bits behind the last run are set.
    ///   - scratch: as many words, overwritten.
    static func commonRuns(
        _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, ends: UnsafePointer<UInt64>,
        words: Int, scratch: UnsafeMutablePointer<UInt64>
    ) -> Int {
        var carry: UInt64 = 0
        for word in 0..<words {
            let both = a[word] & b[word]
            let inner = ~ends[word]
            let (sum, over) = (both & inner).addingReportingOverflow(inner)
            let (carried, overToo) = sum.addingReportingOverflow(carry)
            carry = (over ? 1 : 0) | (overToo ? 1 : 0)
            scratch[word] = (carried | both) & ends[word]
        }
        return common(scratch, scratch, words: words)
    }
}
