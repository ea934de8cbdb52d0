internal import CBits
internal import Store

/// Sets of the bits of a block's units, each of so many words.
struct BitRows {
    let words: UnsafeMutablePointer<UInt64>
    let wordCount: Int

    @inline(__always)
    func set(_ bit: Int, in row: Int) {
        words[row &* wordCount &+ bit >> 6] |= 1 << UInt64(bit & 63)
    }

    @inline(__always)
    subscript(row: Int) -> UnsafeMutablePointer<UInt64> { words + row * wordCount }
}

/// The bits of one block after the other: of each item those of the units that have it.
///
/// Behind the rows of items come one for what is in none, the units that are counted, those of them in the target, and what
/// has been chosen.
struct BlockBits {
    private let rowCount: Int
    private(set) var rows = BitRows(words: .allocate(capacity: 1), wordCount: 0)
    private var capacity = 0
    /// By row how many bits it has, and these themselves where they are few; behind the rows what has been chosen.
    private let sizes: UnsafeMutablePointer<Int>
    private let few: UnsafeMutablePointer<UInt32>
    private var hasLongTraces = false
    /// Of `BlockLayout`; nil if units are traces.
    private var traceOf: UnsafePointer<UInt32>?
    private var ends: UnsafePointer<UInt64>?

    /// Up to so many units that have something are looked at one by one.
    private static let fewMax = 12

    var selected: Int { rowCount + 1 }
    var targets: Int { rowCount + 2 }
    private var choice: Int { rowCount + 3 }
    private var allRows: Int { rowCount + 4 }

    init(rowCount: Int) {
        self.rowCount = rowCount
        sizes = .allocate(capacity: rowCount + 4)
        sizes.initialize(repeating: 0, count: rowCount + 4)
        few = .allocate(capacity: (rowCount + 4) * Self.fewMax)
        few.initialize(repeating: 0, count: (rowCount + 4) * Self.fewMax)
    }

    func deallocate() {
        rows.words.deallocate()
        sizes.deallocate()
        few.deallocate()
    }

    /// Of rows; mostly a kilobyte each, more where a trace has more spans.
    var byteCount: Int { capacity * 8 }

    /// No bit is set.
    mutating func begin(_ layout: BlockLayout, _ control: ScanControl) throws {
        let needed = layout.wordCount * allRows
        var words = rows.words
        if needed > capacity {
            try control.reserve((needed - capacity) * 8, .cohorts)
            words.deallocate()
            words = .allocate(capacity: needed)
            capacity = needed
        }
        words.initialize(repeating: 0, count: needed)
        rows = BitRows(words: words, wordCount: layout.wordCount)
    }

    /// Counts the bits of each row, all of which are set, and lets conjunctions be counted within a call.
    mutating func reading(_ layout: BlockLayout, _ body: (BlockBits) -> Void) {
        for row in 0..<rowCount { count(bitsOf: row) }
        hasLongTraces = layout.hasLongTraces
        if layout.ends.isEmpty { return body(self) }
        layout.traceOf.withUnsafeBufferPointer { traceOf in
            layout.ends.withUnsafeBufferPointer { ends in
                self.traceOf = traceOf.baseAddress
                self.ends = ends.baseAddress
                body(self)
                self.traceOf = nil
                self.ends = nil
            }
        }
    }

    private func count(bitsOf row: Int) {
        let words = rows[row]
        let size = Int(common_bits(words, words, rows.wordCount))
        sizes[row] = size
        guard size > 0, size <= Self.fewMax else { return }
        var next = few + row * Self.fewMax
        for word in 0..<rows.wordCount {
            var rest = words[word]
            while rest != 0 {
                next.pointee = UInt32(truncatingIfNeeded: word * 64 + rest.trailingZeroBitCount)
                next += 1
                rest &= rest - 1
            }
        }
    }

    /// Chooses the units that are counted and have all of some rows.
    ///
    /// - Returns: whether there are any.
    func choose(_ parent: [Int], amongTargets: Bool) -> Bool {
        for row in parent where sizes[row] == 0 { return false }
        let words = rows[choice]
        words.update(from: rows[amongTargets ? targets : selected], count: rows.wordCount)
        for row in parent {
            let own = rows[row]
            for word in 0..<rows.wordCount { words[word] &= own[word] }
        }
        count(bitsOf: choice)
        return sizes[choice] > 0
    }

    /// The bits of those.
    var chosen: UnsafeBufferPointer<UInt64> {
        UnsafeBufferPointer(start: rows[choice], count: rows.wordCount)
    }

    /// How many of the chosen units have a row too, and how many traces of such.
    @inline(__always)
    func count(_ row: Int) -> (units: Int, traces: Int) {
        let size = sizes[row]
        if size == 0 { return (0, 0) }
        if size <= Self.fewMax { return count(few: row, in: rows[choice]) }
        if sizes[choice] <= Self.fewMax { return count(few: choice, in: rows[row]) }
        guard let ends else {
            let units = Int(common_bits(rows[choice], rows[row], rows.wordCount))
            return (units, units)
        }
        let common =
            hasLongTraces
            ? common_long_runs(rows[choice], rows[row], ends, rows.wordCount)
            : common_runs(rows[choice], rows[row], ends, rows.wordCount)
        return (Int(common.units), Int(common.runs))
    }

    /// Which of few have a bit is as good as random, so that nothing is decided by it: counts are added up.
    private func count(
        few row: Int, in words: UnsafePointer<UInt64>
    ) -> (units: Int, traces: Int) {
        let own = few + row * Self.fewMax
        let size = sizes[row]
        var units: UInt64 = 0
        guard let traceOf else {
            for index in 0..<size {
                units &+= words[Int(own[index] >> 6)] &>> UInt64(own[index] & 63) & 1
            }
            return (Int(units), Int(units))
        }
        var traces: UInt64 = 0
        var last = UInt32.max
        for index in 0..<size {
            let isIn = words[Int(own[index] >> 6)] &>> UInt64(own[index] & 63) & 1
            let trace = traceOf[Int(own[index])]
            units &+= isIn
            traces &+= trace == last ? 0 : isIn
            last = isIn == 1 ? trace : last
        }
        return (Int(units), Int(traces))
    }
}
