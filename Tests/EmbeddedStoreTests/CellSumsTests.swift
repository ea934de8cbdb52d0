import Store
import TestSupport
import Testing

@testable import EmbeddedStore

/// What is summed in one pass over flat arrays, against the same looked up unit by unit.
@Suite struct `Cells` {
    /// Some units of a frame in some cells.
    struct Sample {
        let map: CellMap
        let hasFailed: [Bool]
        let starts: [Int64]
        let durations: [UInt64]
        /// Spans of one trace are neighbours.
        let traces: [UInt32]
        let counts: CellCounts

        init(seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            let all = Int.random(in: 0...9000, using: &random)
            // Some samples have many that start at once, so that ties decide.
            let spread = Int64([3, 1000, 1 << 40].randomElement(using: &random) ?? 1)
            let disorder = Int64([0, 1, 1 << 42].randomElement(using: &random) ?? 0)
            var start = Int64(0)
            var starts: [Int64] = []
            for _ in 0..<all {
                start += .random(in: 0...spread, using: &random)
                starts.append(start - .random(in: 0...disorder, using: &random))
            }
            self.starts = starts
            let failing = Double.random(in: 0...0.2, using: &random)
            var trace = UInt32(0)
            let perTrace = Int.random(in: 1...8, using: &random)
            traces = (0..<all).map { _ in
                if Int.random(in: 0..<perTrace, using: &random) == 0 { trace += 1 }
                return trace
            }
            hasFailed = (0..<all).map { _ in .random(in: 0..<1, using: &random) < failing }
            durations = (0..<all).map { _ in
                [.random(in: 0...2000, using: &random), .random(in: 0 ... .max, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            let count = Int.random(in: 1...6, using: &random)
            let isPart = Bool.random(using: &random)
            let numbers = (0..<UInt32(all)).filter { _ in
                !isPart || .random(in: 0..<3, using: &random) > 0
            }
            let units = isPart ? UnitSelection.some(numbers) : .all(all)
            // The first cells are rare, so that some have fewer units than are shown.
            let cellOf = (0..<units.count).map { _ -> Int32 in
                let cell = Int32.random(in: -1..<Int32(count), using: &random)
                return cell == 0 && .random(in: 0..<500, using: &random) > 0 ? -1 : cell
            }
            map = CellMap(units: units, cellOf: cellOf, count: count)
            counts = CellCounts(map, hasFailed)
        }

        func members(of cell: Int) -> [Int] {
            (0..<map.units.count).filter { Int(map.cellOf[$0]) == cell }.map { map.units[$0] }
        }
    }

    @Test(arguments: 0..<60)
    func `have the units, failures and durations of their members`(seed: UInt64) {
        let sample = Sample(seed: seed)
        let sums = CellDurations(
            sample.map, sample.durations, unitCounts: sample.counts.units)
        for cell in 0..<sample.map.count {
            let members = sample.members(of: cell)
            let durations = members.map { sample.durations[$0] }
            #expect(sample.counts.units[cell] == members.count)
            #expect(sample.counts.failures[cell] == members.count { sample.hasFailed[$0] })
            var figures = SliceFigures()
            figures.count = members.count
            sums.write(cell, unitCount: members.count, to: &figures)
            #expect(figures.durationSum == durations.reduce(0) { $0 + Int128($1) })
            #expect(figures.durationMax == durations.max() ?? 0)
            let oneByOne = durations.reduce(into: QuantileSketch()) { $0.add($1) }
            #expect(figures.durations.count == oneByOne.count)
            for rank in [0, 0.01, 0.5, 0.95, 1] {
                #expect(figures.durations.quantile(rank) == oneByOne.quantile(rank))
            }
        }
    }

    @Test(arguments: 0..<60)
    func `show their failures first, the newest first, and of equals the first`(seed: UInt64) {
        let sample = Sample(seed: seed)
        let units = ExampleUnits(
            hasFailed: sample.hasFailed, starts: sample.starts, traces: sample.traces,
            lastStarts: UnitStarts(sample.starts).lastStarts)
        let cells = sample.map.count - 1
        let counts = sample.counts
        let found = [true, false].map { haveFailed in
            CellExamples(
                haveFailed: haveFailed, sample.map, units,
                available: (0..<cells).map {
                    haveFailed ? counts.failures[$0] : counts.units[$0] - counts.failures[$0]
                })
        }
        for cell in 0..<cells {
            var figures = SliceFigures()
            for example in found.flatMap({ $0.of(cell, traceID: { UInt128(sample.traces[$0]) }) }) {
                figures.examples.insert(example)
            }
            let expected = sample.members(of: cell).sorted { a, b in
                let failed = (sample.hasFailed[a], sample.hasFailed[b])
                if failed.0 != failed.1 { return failed.0 }
                if sample.starts[a] != sample.starts[b] {
                    return sample.starts[a] > sample.starts[b]
                }
                return sample.traces[a] < sample.traces[b]
            }
            var shown: [UInt128] = []
            for unit in expected where !shown.contains(UInt128(sample.traces[unit])) {
                shown.append(UInt128(sample.traces[unit]))
            }
            let first = Array(shown.prefix(SliceFigures.examplesMax))
            #expect(figures.examples.map(\.traceID) == first)
        }
    }
}

@Suite struct `Codes of few bytes` {
    @Test(
        arguments: [[], [0], [255], [256, 0], [65_535, 1], [65_536, 7], [.max, 0, 1]] as [[UInt32]])
    func `are what they were made of`(values: [UInt32]) {
        let codes = Codes(values)
        #expect(Array(codes) == values)
        #expect(codes.expanded == values)
        #expect(codes.picked(.all(values.count)) == values)
        let last = UnitSelection.some(values.indices.suffix(1).map { UInt32($0) })
        #expect(codes.picked(last) == values.suffix(1))
        if let greatest = values.max(), greatest <= 65_536 {
            let table = (0...greatest).map { $0 % 3 == 0 }
            #expect(codes.looked(upIn: table) == values.map { $0 % 3 == 0 })
        }
        let width = (values.max() ?? 0) < 256 ? 1 : (values.max() ?? 0) < 65_536 ? 2 : 4
        #expect(codes.byteCount == values.count * width)
    }
}

@Suite struct `Truths of many rows` {
    @Test(arguments: 0..<200)
    func `are looked up, combined and counted as one by one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let greatest = [1, 3, 255, 256, 300, 70_000].randomElement(using: &random) ?? 1
        let values = (0..<Int.random(in: 0...100, using: &random)).map { _ in
            UInt32.random(in: 0...UInt32(greatest), using: &random)
        }
        let codes = Codes(values)
        // The table may know values that no row has, beyond what the codes' width can say.
        let count = greatest + 1 + Int.random(in: 0...300, using: &random)
        var table = [Bool](repeating: false, count: count)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: break
        case 1: for value in table.indices { table[value] = .random(using: &random) }
        case 2: table[.random(in: 0..<count, using: &random)] = true
        default:
            let first = Int.random(in: 0..<count, using: &random)
            for value in first..<Int.random(in: first...count, using: &random) {
                table[value] = true
            }
        }
        let truths = codes.looked(upIn: table)
        #expect(truths == values.map { table[Int($0)] })
        let others = values.map { _ in Bool.random(using: &random) }
        var both = truths
        Truths.and(&both, others)
        #expect(both == zip(truths, others).map { $0 && $1 })
        var either = truths
        Truths.or(&either, others)
        #expect(either == zip(truths, others).map { $0 || $1 })
        var neither = either
        Truths.not(&neither)
        #expect(neither == either.map { !$0 })
        for truths in [both, either, neither] {
            let expected = truths.indices.filter { truths[$0] }.map { UInt32($0) }
            #expect(Truths.numbers(of: truths) == expected)
            let ranks = RowRanks(expected, rowCount: truths.count)
            for row in truths.indices {
                let place = expected.firstIndex(of: UInt32(row))
                let before = expected.count { $0 < row }
                #expect(ranks.range(of: row) == (place.map { $0..<$0 + 1 } ?? before..<before))
            }
        }
    }
}
