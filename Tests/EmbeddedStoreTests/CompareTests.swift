internal import CBits
import Foundation
import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Cuts of numbers` {
    @Test(arguments: 0..<2000)
    func `are the greatest of three digits that are not above`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var number = pow(10, Double.random(in: -12...15, using: &random))
        if Bool.random(using: &random) { number = Double(Int(number.rounded())) }
        if Bool.random(using: &random) { number = -number }
        let cut = RoundNumber.below(number)
        #expect(cut <= number)
        #expect(RoundNumber.below(cut) == cut)
        // Of what a person would write with three digits nothing lies between.
        let text = String(format: "%.2e", cut)
        #expect(Double(text) == cut, "\(number): \(cut)")
        if number != 0 { #expect(abs(number - cut) <= abs(number) * 0.0101) }
    }

    @Test(arguments: [
        .leastNonzeroMagnitude, .leastNormalMagnitude, 1e-290, 9.99e-290, 1.797e308,
        .greatestFiniteMagnitude,
    ])
    func `are there for the least and greatest numbers too`(number: Double) {
        for number in [number, -number] {
            let cut = RoundNumber.below(number)
            #expect(cut <= number && cut.isFinite)
        }
    }

    @Test func `divide all units into tenths, however they were counted`() {
        var random = SeededGenerator(seed: 3)
        let numbers = (0..<5000).map { _ in pow(10, Double.random(in: -3...4, using: &random)) }
        var whole = NumberBands.Counts()
        var parts = [NumberBands.Counts(), NumberBands.Counts()]
        for (index, number) in numbers.enumerated() {
            whole.add(number, 1)
            parts[index % 2].add(number, 1)
        }
        parts[0].merge(parts[1])
        let bands = whole.bands
        #expect(parts[0].bands == bands)
        #expect(bands.cuts == bands.cuts.sorted())
        #expect(bands.count == NumberBands.wanted)
        for band in 0..<bands.count {
            let count = numbers.count { bands.band(of: $0) == band }
            #expect((300...700).contains(count), "\(band): \(count)")
        }
    }

    @Test func `put a number into each range that holds it`() {
        let bands = NumberBands(cuts: [-2, 0, 0.5, 30])
        for number in [-5.0, -2, -1, 0, 0.25, 0.5, 29.9, 30, 1e9] {
            let mask = bands.mask(ofBand: bands.band(of: number))
            for (index, range) in bands.ranges.enumerated() {
                let bounds = bands.bounds(of: range)
                let isIn =
                    (bounds.from.map { number >= $0 } ?? true)
                    && (bounds.to.map { number < $0 } ?? true)
                #expect((mask >> UInt64(index) & 1 == 1) == isIn, "\(number) in \(range)")
            }
        }
        #expect(Set(bands.ranges.map { "\(bands.bounds(of: $0))" }).count == bands.ranges.count)
    }
}

@Suite struct `Conjunctions of a frame` {
    private static let itemCount = 12

    /// Units with random items of three dimensions, some of which all have.
    private static func units(_ random: inout SeededGenerator) -> [[Set<UInt32>]] {
        let hasAll = Bool.random(using: &random)
        return (0..<Int.random(in: 0...60, using: &random)).map { _ in
            (0..<3).map { dimension in
                let own = (0..<4).map { UInt32(dimension * 4 + $0) }
                var chosen = Set(own.filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
                if hasAll, dimension == 1 { chosen.insert(5) }
                return chosen
            }
        }
    }

    @Test(arguments: 0..<200) func `are counted as going through all units counts them`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        var units = Self.units(&random)
        // Some belong to one trace, as spans do, and may have the same of a dimension.
        let isSpan = Bool.random(using: &random)
        var traceOf: [UInt32] = []
        // A trace has two spans, or now and then more than a word has bits.
        let next = Bool.random(using: &random) ? 2 : 90
        for _ in units {
            let isNext = Int.random(in: 0..<next, using: &random) == 0
            traceOf.append((traceOf.last ?? 0) + (isNext ? 1 : 0))
        }
        let isShared = (0..<3).map { _ in isSpan && Bool.random(using: &random) }
        for unit in units.indices.dropFirst() where traceOf[unit] == traceOf[unit - 1] {
            for dimension in 0..<3 where isShared[dimension] {
                units[unit][dimension] = units[unit - 1][dimension]
            }
        }
        func list(_ dimension: Int, _ units: [[Set<UInt32>]]) -> UnitCodes {
            var list = UnitLists()
            for unit in units {
                // Codes of a dimension begin at 0.
                for item in unit[dimension].shuffled(using: &random) {
                    list.append(item - UInt32(dimension * 4))
                }
                list.endUnit()
            }
            return list.finished
        }
        let lists = (0..<3).map { list($0, units) }
        let traces = (0...(traceOf.last ?? 0)).map { trace in
            traceOf.firstIndex(of: trace).map { units[$0] } ?? [[], [], []]
        }
        let items = CompareItems(
            (0..<3).map { ComparedDimension(Field("d\($0)"), bands: nil) }.map(Self.withValues),
            lists.map { list in (0..<4).map { code in list.codes.count { $0 == code } } },
            least: 0, joinedLeast: 1)
        let columns = (0..<3).map { dimension in
            isShared[dimension]
                ? ItemColumn(
                    owners: traceOf, list(dimension, traces), items.places(of: dimension))
                : ItemColumn(lists[dimension], items.places(of: dimension))
        }
        let all = (0..<UInt16(items.joinedCount)).map { $0 }
        var parents: [[UInt16]] = all.map { [$0] }
        for first in all {
            for second in all where second != first && Self.areApart(first, second, items) {
                parents.append([first, second].sorted())
            }
        }
        var candidates = ConjunctionCandidates()
        for parent in parents {
            candidates.append(
                parent,
                all.filter { item in parent.allSatisfy { Self.areApart($0, item, items) } }
                    .map { (Int($0), TargetCount()) })
        }
        let isTarget = units.map { _ in Bool.random(using: &random) }
        let compared = units.indices.filter { _ in Int.random(in: 0..<10, using: &random) > 0 }
        var runs = UnitRuns()
        for unit in compared { runs.append(unit..<unit + 1) }
        let selection =
            Bool.random(using: &random)
            ? UnitSelection.runs(runs) : .some(compared.map { UInt32($0) })
        let plan = ConjunctionPlan(candidates, items)
        let counts = try ConjunctionBits(
            plan: plan, columns: plan.dimensions.map { columns[$0.dimension].placed },
            unitCount: units.count, selection: selection,
            traceOf: isSpan ? traceOf : nil, isTarget: isTarget,
            // Traces would go on behind a block.
            blockUnits: Int.random(in: 1...80, using: &random)
        ).counts(ScanControl(seconds: 60))
        let holders = try ConjunctionHolders(
            items, of: candidates.conjunctions.map(\.items),
            among: selection
        ) { columns[$0] }
        let ofAll = ConjunctionPlan(of: candidates.conjunctions.map(\.items), items)
        let members = try ConjunctionBits(
            plan: ofAll, columns: ofAll.dimensions.map { columns[$0.dimension].placed },
            unitCount: units.count, selection: selection, traceOf: nil,
            isTarget: nil, blockUnits: [64, 128, 8192].randomElement(using: &random) ?? 64
        ).members(ScanControl(seconds: 60))
        let sets = units.map { $0.reduce(into: Set<UInt32>()) { $0.formUnion($1) } }
        for (number, conjunction) in candidates.conjunctions.enumerated() {
            let wanted = Set(
                conjunction.items.map { item in
                    let item = items.items[Int(item)]
                    return UInt32(item.dimension * 4) + item.code
                })
            let own = compared.filter { sets[$0].isSuperset(of: wanted) }
            #expect(holders.units(with: conjunction.items) == own.map { UInt32($0) })
            var found: [UInt32] = []
            members[number].visit { found.append($0) }
            #expect(found == own.map { UInt32($0) })
            let targets = own.filter { isTarget[$0] }
            #expect(counts[number].units == Tally(count: own.count, failures: targets.count))
            let traces = isSpan ? Set(own.map { traceOf[$0] }).count : own.count
            let ofTargets = isSpan ? Set(targets.map { traceOf[$0] }).count : targets.count
            #expect(counts[number].traces == Tally(count: traces, failures: ofTargets))
        }
    }

    private static func withValues(_ dimension: ComparedDimension) -> ComparedDimension {
        var dimension = dimension
        for code in 0..<UInt8(4) { _ = [code].withUnsafeBytes { dimension.values.code(of: $0) } }
        return dimension
    }

    private static func areApart(_ a: UInt16, _ b: UInt16, _ items: CompareItems) -> Bool {
        items.items[Int(a)].dimension != items.items[Int(b)].dimension
    }
}

@Suite struct `Bits in common` {
    /// Few, half, all, or none of many words' bits.
    private static func bits(_ random: inout SeededGenerator, _ count: Int) -> [Bool] {
        let share = ([0, 0.01, 0.5, 0.99, 1] as [Double]).randomElement(using: &random) ?? 0
        return (0..<count).map { _ in Double.random(in: 0..<1, using: &random) < share }
    }

    private static func words(_ bits: [Bool]) -> [UInt64] {
        stride(from: 0, to: bits.count, by: 64).map { start in
            (0..<64).reduce(0) { $0 | (bits[start + $1] ? 1 << UInt64($1) : 0) }
        }
    }

    @Test(arguments: 0..<200) func `are as many as one finds one by one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = Int.random(in: 0...40, using: &random)
        let (a, b) = (Self.bits(&random, words * 64), Self.bits(&random, words * 64))
        var ends = Self.bits(&random, words * 64)
        if !ends.isEmpty { ends[ends.count - 1] = true }
        let both = zip(a, b).map { $0 && $1 }
        func runs(_ ends: [Bool]) -> Int {
            var runs = 0
            var hasAny = false
            for (isIn, isEnd) in zip(both, ends) {
                hasAny = hasAny || isIn
                if isEnd {
                    runs += hasAny ? 1 : 0
                    hasAny = false
                }
            }
            return runs
        }
        // Codes of up to 64 units a word, some of them less.
        var codes: [UInt8] = []
        var firsts: [UInt32] = [0]
        var marked: [UInt64] = []
        for _ in 0..<words {
            let units =
                [1, 63, 64, Int.random(in: 1...64, using: &random)].randomElement(
                    using: &random) ?? 64
            let own = (0..<units).map { _ in UInt8.random(in: 0...3, using: &random) }
            codes += own
            firsts.append(UInt32(codes.count))
            marked.append(
                own.enumerated().reduce(0) { $0 | ($1.element == 2 ? 1 << UInt64($1.offset) : 0) })
        }
        // Nothing lies behind the last.
        let exact = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: codes.count)
        defer { exact.deallocate() }
        _ = exact.initialize(from: codes)
        var row = [UInt64](repeating: 0, count: words)
        mark_bytes(exact.baseAddress, codes.count, firsts, words, 2, &row)
        #expect(row == marked)
        let (aWords, bWords, endWords) = (Self.words(a), Self.words(b), Self.words(ends))
        let count = both.count { $0 }
        #expect(Int(common_bits(aWords, bWords, words)) == count)
        let long = common_long_runs(aWords, bWords, endWords, words)
        #expect((Int(long.units), Int(long.runs)) == (count, runs(ends)))
        for last in stride(from: 63, to: ends.count, by: 64) { ends[last] = true }
        let short = common_runs(aWords, bWords, Self.words(ends), words)
        #expect((Int(short.units), Int(short.runs)) == (count, runs(ends)))
    }
}

@Suite struct `The layout of a block` {
    @Test(arguments: 0..<200) func `keeps traces within words where they have room`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let longest = [1, 5, 63, 64, 65, 200].randomElement(using: &random) ?? 1
        var traces: [UInt32] = []
        for trace in 0..<UInt32.random(in: 1...40, using: &random) {
            traces += repeatElement(trace, count: Int.random(in: 1...longest, using: &random))
        }
        // A block begins and ends with a trace.
        let first = traces.firstIndex(of: traces[Int.random(in: traces.indices, using: &random)])
        let units = (first ?? 0)..<traces.count
        let layout = traces.withUnsafeBufferPointer { BlockLayout(units, $0) }
        #expect(layout.bitOf.count == units.count)
        #expect(Set(layout.bitOf).count == units.count)
        #expect(layout.ends.count == layout.wordCount)
        var hasLong = false
        for trace in Set(traces[units]) {
            let own = units.filter { traces[$0] == trace }.map {
                Int(layout.bitOf[$0 - units.lowerBound])
            }
            #expect(own == Array(own[0]..<own[0] + own.count))
            let areOne = own[0] / 64 == own[own.count - 1] / 64
            #expect(areOne || own.count > 64)
            if !areOne { hasLong = true }
            for bit in own {
                #expect(layout.traceOf[bit] == trace)
                let isEnd = layout.ends[bit / 64] >> UInt64(bit % 64) & 1 == 1
                #expect(isEnd == (bit == own[own.count - 1]))
            }
        }
        #expect(layout.hasLongTraces == hasLong)
        let used = Set(layout.bitOf.map { Int($0) })
        for bit in 0..<layout.wordCount * 64 where !used.contains(bit) {
            #expect(layout.ends[bit / 64] >> UInt64(bit % 64) & 1 == 1)
        }
    }
}

@Suite struct `Columns that are kept` {
    @Test(arguments: 0..<200) func `come back as they were`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Of many units few have a value, each has one of a few, or some have several.
        let most = [1, 1, 15, 16, 300].randomElement(using: &random) ?? 1
        let share = ([0.02, 0.5, 1] as [Double]).randomElement(using: &random) ?? 1
        let isList = Bool.random(using: &random)
        var lists = UnitLists()
        let units = (0..<Int.random(in: 0...200, using: &random)).map { _ -> [UInt32] in
            guard Double.random(in: 0..<1, using: &random) < share else { return [] }
            let count = isList ? Int.random(in: 0...3, using: &random) : 1
            return Array(
                Set((0..<count).map { _ in UInt32.random(in: 0..<UInt32(most), using: &random) }))
        }
        for unit in units {
            for code in unit { lists.append(code) }
            lists.endUnit()
        }
        let column = ItemColumn(lists.finished, (0..<UInt16(most)).map { $0 + 1 })
        let kept = KeptColumns(nil)
        kept.keep(column, 7, units: units.count)
        let found = kept.column(7)?.reading { read in
            units.indices.map { unit in
                var places: [UInt32] = []
                read.visit(unit) { if $0 > 0 { places.append($0 - 1) } }
                return places
            }
        }
        #expect(found == units)
        #expect(kept.column(8) == nil)
        #expect(kept.byteCount <= column.byteCount)
        let unusual = units.count { $0.count != 0 }
        if !column.isSingle, unusual * 2 < units.count { #expect(kept.byteCount <= unusual * 14) }
        // Five eighths of a budget are lent, and given back.
        let warm = WarmColumns(bytesMax: 8 * kept.byteCount)
        #expect(warm.lend(4 * kept.byteCount))
        let lent = KeptColumns(warm)
        lent.keep(column, 7, units: units.count)
        #expect(lent.byteCount == kept.byteCount)
        #expect(warm.lend(1) == false)
        // The same once more takes its place, if there is room for both meanwhile.
        lent.keep(column, 7, units: units.count)
        #expect(lent.byteCount == kept.byteCount)
        let none = KeptColumns(warm)
        none.keep(column, 7, units: units.count)
        if kept.byteCount > 0 { #expect(none.column(7) == nil) }
        lent.drop()
        #expect(lent.column(7) == nil && warm.lend(kept.byteCount))
    }
}

@Suite struct `Ranges of numbers` {
    @Test(arguments: 0..<100) func `are counted as if each number were held against each range`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let bands = NumberBands(
            cuts: (0..<Int.random(in: 0...6, using: &random)).map { Double($0 * 10) })
        var trace: UInt32 = 0
        let units: [(number: Double?, trace: UInt32, isTarget: Bool)] = (0..<200).map { _ in
            if Int.random(in: 0..<3, using: &random) == 0 { trace += 1 }
            let number =
                Bool.random(using: &random) ? Double.random(in: -10...70, using: &random) : nil
            return (number, trace, Int.random(in: 0..<4, using: &random) == 0)
        }
        var tallies = BandTallies(bands)
        for unit in units {
            tallies.add(
                unit.number.map(bands.band) ?? bands.count, trace: unit.trace,
                isTarget: unit.isTarget)
        }
        let counted = tallies.tallies()
        #expect(counted.count == bands.ranges.count + 1)
        for (code, tallies) in counted.enumerated() {
            let own = units.filter { unit in
                guard code < bands.ranges.count else { return unit.number == nil }
                let (from, to) = bands.bounds(of: bands.ranges[code])
                guard let number = unit.number else { return false }
                return from.map { number >= $0 } != false && to.map { number < $0 } != false
            }
            let targets = own.filter(\.isTarget)
            #expect(tallies.units == Tally(count: own.count, failures: targets.count))
            #expect(
                tallies.traces
                    == Tally(
                        count: Set(own.map(\.trace)).count,
                        failures: Set(targets.map(\.trace)).count), "\(code)")
        }
    }
}

@Suite struct `Order of findings` {
    private static func finding(
        _ terms: [SliceTerm], excess: Double, rate: Double = 0.5, tellsOutcome: Bool = false
    ) -> Finding {
        Finding(
            slice: terms,
            figures: FindingFigures(
                target: Int(1000 * rate), baseline: 1000 - Int(1000 * rate), targetRate: rate,
                restRate: 0, excess: excess, pLog10: -10, qValue: 0),
            tellsOutcome: tellsOutcome, firstSeen: 0, lastSeen: 0, onset: nil, examples: [],
            trend: [], also: [])
    }

    private static func term(_ name: String, _ value: GroupValue) -> SliceTerm {
        SliceTerm(Field(name), .value(value))
    }

    @Test func `has what is there first, then absence, each by what it explains`() {
        let version = Self.finding([Self.term("prompt.version", .text("v14"))], excess: 100)
        let noTenant = Self.finding([Self.term("tenant", .null)], excess: 90)
        let loop = Self.finding([Self.term("tool.pair", .text("sql>sql"))], excess: 80)
        let mixed = Self.finding(
            [Self.term("cost", .null), Self.term("release", .text("2"))], excess: 70, rate: 1)
        let noPair = Self.finding([Self.term("tool.pair", .null)], excess: 900)
        let noCost = Self.finding(
            [Self.term("cost", .null), Self.term("finish_reason", .null)], excess: 300, rate: 1)
        // A raw key that only has a settled dimension's name.
        let raw = Self.finding(
            [SliceTerm(Field("tenant", scope: .attribute), .value(.null))], excess: 150)
        let outcome = Self.finding(
            [Self.term("output.id", .null)], excess: 990, rate: 1, tellsOutcome: true)
        let wanted = [version, noTenant, loop, mixed, noPair, noCost, raw, outcome]
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20 {
            let shown = wanted.shuffled(using: &random).sorted(by: FindingOrder.precedes)
            #expect(shown.map(\.slice) == wanted.map(\.slice))
        }
    }
}

@Suite struct `Units of a frame` {
    @Test(arguments: 0..<60) func `in common are those of both`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let unitCount = 3000
        func some() -> [UInt32] {
            let part = [2, 10, 400].randomElement(using: &random) ?? 2
            return (0..<UInt32(unitCount)).filter { _ in
                Int.random(in: 0..<part, using: &random) == 0
            }
        }
        let (a, b) = (some(), some())
        let both = FrameUnits(a, of: unitCount).common(
            with: FrameUnits(b, of: unitCount), of: unitCount)
        var visited: [UInt32] = []
        both.visit { visited.append($0) }
        #expect(visited == Set(a).intersection(b).sorted())
        #expect(both.count == visited.count)
    }
}

@Suite struct `Values of traces` {
    private static func values(_ random: inout SeededGenerator, traces: Int) -> [[UInt32]] {
        let isSingle = Bool.random(using: &random)
        return (0..<traces).map { _ in
            (0..<(isSingle ? 1 : Int.random(in: 1...5, using: &random))).map { _ in
                UInt32.random(in: 0...40, using: &random)
            }
        }
    }

    private static func codes(_ values: [[UInt32]]) -> UnitCodes {
        var ends: [UInt32] = []
        for value in values { ends.append((ends.last ?? 0) + UInt32(value.count)) }
        return UnitCodes(ends: ends, codes: Array(values.joined()))
    }

    @Test(arguments: 0..<100) func `are read as they were written, and no byte less`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let values = Self.values(&random, traces: Int.random(in: 1...80, using: &random))
        let bytes = CountsCodec.encode(Self.codes(values))
        let read = try CountsCodec.traceValues(bytes, traces: values.count, values: 40)
        #expect(values.indices.map { Array(read[$0]) } == values)
        for end in bytes.indices {
            #expect(throws: DamagedBytes.self) {
                try CountsCodec.traceValues(Array(bytes[..<end]), traces: values.count, values: 40)
            }
        }
        if (values.joined().max() ?? 0) > 0 {
            #expect(throws: DamagedBytes.self) {
                try CountsCodec.traceValues(
                    bytes, traces: values.count,
                    values: Int(values.joined().max() ?? 1) - 1)
            }
        }
    }
}
