/// Some rows of a frame, and how many come before each row: a bit a row and a number for each 64.
struct RowRanks: MemorySized {
    private let words: [UInt64]
    /// How many rows come before each word's.
    private let before: [UInt32]

    var byteCount: Int { words.count * 12 }

    /// - Parameter rows: ascending, below `rowCount`.
    init(_ rows: [UInt32], rowCount: Int) {
        var words = [UInt64](repeating: 0, count: (rowCount + 63) / 64)
        for row in rows { words[Int(row >> 6)] |= 1 << UInt64(row & 63) }
        var sum: UInt32 = 0
        before = words.map { word in
            defer { sum += UInt32(word.nonzeroBitCount) }
            return sum
        }
        self.words = words
    }

    /// Where a row stands among them: one place, or none.
    @inline(__always)
    func range(of row: Int) -> Range<Int> {
        let word = words[row >> 6]
        let bit: UInt64 = 1 &<< UInt64(row & 63)
        let first = Int(before[row >> 6]) + (word & (bit &- 1)).nonzeroBitCount
        return first..<(word & bit == 0 ? first : first + 1)
    }
}
