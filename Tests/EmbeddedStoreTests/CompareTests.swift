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
    ) {
        var random = SeededGenerator(seed: seed)
        let units = Self.units(&random)
        let lists = (0..<3).map { dimension in
            var list = UnitLists()
            for unit in units {
                for item in unit[dimension].shuffled(using: &random) { list.append(item) }
                list.endUnit()
            }
            return list
        }
        let frame = FrameItems(lists, unitCount: units.count, itemCount: Self.itemCount)
        let all = (0..<UInt16(Self.itemCount)).map { $0 }
        var groups: [Extensions] = []
        var conjunctions: [[UInt16]] = []
        for first in all {
            for second in [nil] + all.map(Optional.some) where second != first {
                let parent = [first] + (second.map { [$0] } ?? [])
                let added = all.filter { !parent.contains($0) }.map { item in
                    conjunctions.append(parent + [item])
                    return (item: item, number: conjunctions.count - 1)
                }
                groups.append(Extensions(items: parent, added: added))
            }
        }
        var counts = [UInt32](repeating: 0, count: conjunctions.count)
        frame.count(groups, &counts)
        let sets = units.map { $0.reduce(into: Set<UInt32>()) { $0.formUnion($1) } }
        for (number, items) in conjunctions.enumerated() {
            let wanted = Set(items.map { UInt32($0) })
            #expect(Int(counts[number]) == sets.count { $0.isSuperset(of: wanted) }, "\(items)")
            #expect(
                frame.units(with: items)
                    == sets.indices.filter { sets[$0].isSuperset(of: wanted) }.map { UInt32($0) })
        }
        for (unit, set) in sets.enumerated() {
            var visited: Set<UInt32> = []
            frame.visit(unit) { visited.insert(UInt32($0)) }
            #expect(visited == set)
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
