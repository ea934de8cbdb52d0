internal import Spans
internal import Store

/// Counts conjunctions over the units of a frame, a block of units after the other.
///
/// Of each item a bit says for each unit of the block whether it has the item; what has several items has the bits that their rows
/// have in common. Where few units have one, these alone are looked at.
struct ConjunctionBits {
    let plan: ConjunctionPlan
    /// Of the plan's dimensions.
    let columns: [ItemColumn]
    let unitCount: Int
    /// What is counted.
    let selection: UnitSelection
    /// By unit; nil if units are traces.
    let traceOf: [UInt32]?
    /// By unit; nil if those in the target need not be told apart.
    let isTarget: [Bool]?
    /// The bits of a block stay near the processor while all conjunctions are counted.
    var blockUnits = 8192

    /// Up to so many units of a block that have something are looked at one by one.
    private static let fewMax = 32

    /// How many units have each conjunction, and how many traces with such units.
    func counts(_ control: ScanControl) throws -> [UnitTallies] {
        var tallies = [UnitTallies](repeating: UnitTallies(), count: plan.count)
        var block = Block(rowCount: plan.rowCount)
        defer {
            control.release(block.byteCount)
            block.deallocate()
        }
        var position = 0
        var start = 0
        while start < unitCount {
            try control.check()
            let units = start..<end(from: start)
            start = units.upperBound
            try block.begin(units, control)
            guard select(units, &position, in: block) else { continue }
            for (column, dimension) in zip(columns, plan.dimensions) {
                column.mark(units, rowOf: dimension.rowOf, in: block.rows)
            }
            if let traceOf {
                traceOf.withUnsafeBufferPointer {
                    block.finish($0.baseAddress)
                    count(block, &tallies)
                }
            } else {
                block.finish(nil)
                count(block, &tallies)
            }
        }
        return tallies
    }

    private func count(_ block: Block, _ tallies: inout [UnitTallies]) {
        tallies.withUnsafeMutableBufferPointer { tallies in
            for group in plan.groups {
                guard block.choose(group.parent, amongTargets: false) else { continue }
                for (row, number) in group.added {
                    let (units, traces) = block.count(row)
                    tallies[number].units.count &+= units
                    tallies[number].traces.count &+= traces
                }
                guard isTarget != nil, block.choose(group.parent, amongTargets: true) else {
                    continue
                }
                for (row, number) in group.added {
                    let (units, traces) = block.count(row)
                    tallies[number].units.failures &+= units
                    tallies[number].traces.failures &+= traces
                }
            }
        }
    }

    /// Where a block ends: no trace goes on in the next.
    private func end(from start: Int) -> Int {
        var end = min(start + blockUnits, unitCount)
        guard let traceOf, end < unitCount else { return end }
        while end > start, traceOf[end] == traceOf[end - 1] { end -= 1 }
        if end > start { return end }
        end = start + blockUnits
        while end < unitCount, traceOf[end] == traceOf[end - 1] { end += 1 }
        return end
    }

    /// Marks the units of a block that are counted.
    ///
    /// - Parameter position: of the first selected unit that is not before the block.
    /// - Returns: whether there are any.
    private func select(_ units: Range<Int>, _ position: inout Int, in block: Block) -> Bool {
        func mark(_ unit: Int) {
            block.rows.set(unit - units.lowerBound, in: block.selected)
            if isTarget?[unit] == true {
                block.rows.set(unit - units.lowerBound, in: block.targets)
            }
        }
        switch selection {
        case .all:
            for unit in units { mark(unit) }
            return true
        case .some(let numbers):
            let first = position
            while position < numbers.count, Int(numbers[position]) < units.upperBound {
                mark(Int(numbers[position]))
                position += 1
            }
            return position > first
        }
    }

    /// The bits of one block. Behind the rows of items come one for what is in none, the units that are counted, those of them in the
    /// target, the last of each trace, what has been chosen, and room to count.
    private struct Block {
        private let rowCount: Int
        private var units = 0..<0
        private(set) var rows = BitRows(words: .allocate(capacity: 1), wordCount: 0)
        private var capacity = 0
        /// By row how many bits it has, and these themselves where they are few; behind the rows what has been chosen.
        private let sizes: UnsafeMutablePointer<Int>
        private let few: UnsafeMutablePointer<UInt32>
        /// Of the block's units; nil if these are traces.
        private var traceOf: UnsafePointer<UInt32>?

        var selected: Int { rowCount + 1 }
        var targets: Int { rowCount + 2 }
        private var ends: Int { rowCount + 3 }
        private var choice: Int { rowCount + 4 }
        private var scratch: Int { rowCount + 5 }
        private var allRows: Int { rowCount + 6 }

        init(rowCount: Int) {
            self.rowCount = rowCount
            sizes = .allocate(capacity: rowCount + 5)
            sizes.initialize(repeating: 0, count: rowCount + 5)
            few = .allocate(capacity: (rowCount + 5) * fewMax)
            few.initialize(repeating: 0, count: (rowCount + 5) * fewMax)
        }

        func deallocate() {
            rows.words.deallocate()
            sizes.deallocate()
            few.deallocate()
        }

        /// Of rows; mostly a kilobyte each, more where a trace has more spans.
        var byteCount: Int { capacity * 8 }

        /// No bit is set.
        mutating func begin(_ units: Range<Int>, _ control: ScanControl) throws {
            self.units = units
            let multiple = BitCount.wordsMultiple
            let wordCount = (units.count + 64 * multiple - 1) / (64 * multiple) * multiple
            let needed = wordCount * allRows
            var words = rows.words
            if needed > capacity {
                try control.reserve((needed - capacity) * 8, .cohorts)
                words.deallocate()
                words = .allocate(capacity: needed)
                capacity = needed
            }
            words.initialize(repeating: 0, count: needed)
            rows = BitRows(words: words, wordCount: wordCount)
        }

        /// All bits are set: counts those of each row.
        ///
        /// - Parameter traceOf: by unit of the frame, while the block is counted.
        mutating func finish(_ traceOf: UnsafePointer<UInt32>?) {
            for row in 0..<rowCount { count(bitsOf: row) }
            self.traceOf = traceOf.map { $0 + units.lowerBound }
            guard let traceOf = self.traceOf else { return }
            let last = units.count - 1
            for bit in 0...last where bit == last || traceOf[bit] != traceOf[bit + 1] {
                rows.set(bit, in: ends)
            }
            for bit in units.count..<rows.wordCount * 64 { rows.set(bit, in: ends) }
        }

        private func count(bitsOf row: Int) {
            let words = rows[row]
            let size = BitCount.common(words, words, words: rows.wordCount)
            sizes[row] = size
            guard size > 0, size <= fewMax else { return }
            var next = few + row * fewMax
            for word in 0..<rows.wordCount {
                var rest = words[word]
                while rest != 0 {
                    next.pointee = UInt32(
                        truncatingIfNeeded: word * 64 + rest.trailingZeroBitCount)
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

        /// How many of the chosen units have a row too, and how many traces of such.
        @inline(__always)
        func count(_ row: Int) -> (units: Int, traces: Int) {
            let size = sizes[row]
            if size == 0 { return (0, 0) }
            if size <= fewMax { return count(few: row, in: rows[choice]) }
            if sizes[choice] <= fewMax { return count(few: choice, in: rows[row]) }
            let units = BitCount.common(rows[choice], rows[row], words: rows.wordCount)
            if traceOf == nil || units == 0 { return (units, units) }
            let traces = BitCount.commonRuns(
                rows[choice], rows[row], ends: rows[ends], words: rows.wordCount,
                scratch: rows[scratch])
            return (units, traces)
        }

        /// Which of few have a bit is as good as random, so that nothing is decided by it: counts are added up.
        private func count(
            few row: Int, in words: UnsafePointer<UInt64>
        ) -> (units: Int, traces: Int) {
            let own = few + row * fewMax
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
}
