import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Counts as bytes` {
    private func valueCounts(_ random: inout SeededGenerator) -> ValueCounts {
        // Less than a block, several, and more than are decoded at once.
        let count = [0, 1, 3, 2000, 20_000].randomElement(using: &random) ?? 0
        let values = Set(
            (0..<count).map { _ in
                (0..<Int.random(in: 1...20, using: &random)).map { _ in
                    UInt8.random(in: 1...4, using: &random)
                }
            }
        ).sorted { $0.lexicographicallyPrecedes($1) }
        var table = StringTable()
        for value in values { value.withUnsafeBytes { table.append($0) } }
        // All fail, none does, or a few do, of spans and of traces not the same.
        let share = ([0, 0.02, 1] as [Double]).randomElement(using: &random) ?? 0
        func tallies() -> ValueCounts.Tallies {
            let counts = (0...values.count).map { _ in
                UInt32.random(in: 0...(Bool.random(using: &random) ? 10 : .max), using: &random)
            }
            let failures = counts.map { count in
                Double.random(in: 0..<1, using: &random) < share
                    ? UInt32.random(in: 0...count, using: &random) : 0
            }
            return .init(counts: counts, failures: failures)
        }
        return ValueCounts(
            values: table, isList: .random(using: &random), spans: tallies(), traces: tallies())
    }

    private func minuteCounts(_ random: inout SeededGenerator) -> MinuteCounts {
        let minutes = Set(
            (0..<Int.random(in: 0...300, using: &random)).map { _ -> Int64 in
                let isNear = Bool.random(using: &random)
                return Int64.random(
                    in: isNear ? -500...500 : -(1 << 40)...(1 << 40), using: &random)
            }
        ).sorted()
        return MinuteCounts(
            minutes: minutes,
            columns: MinuteCounts.Column.allCases.map { _ in
                minutes.map { _ in .random(in: 0...(1 << 40), using: &random) }
            })
    }

    @Test(arguments: 0..<40)
    func `come back as they were, and nothing else is taken for any`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values = valueCounts(&random)
        let valueBytes = CountsCodec.encode(values)
        let table = try CountsCodec.countTable(valueBytes)
        #expect(table.isList == values.isList)
        #expect(table.count == values.values.count)
        for unit in [Unit.span, .trace] {
            #expect(try all(of: table, unit) == all(of: values, unit))
        }
        let minutes = minuteCounts(&random)
        let apart = Set((0..<20).map { _ in UInt32.random(in: 0..<1000, using: &random) }).sorted()
        let minuteBytes = CountsCodec.encode(minutes, apart: apart)
        let read = try CountsCodec.minuteCounts(minuteBytes)
        #expect(read.counts == minutes)
        #expect(read.apart == apart)
        // Damage that a checksum would find must not crash either.
        for bytes in [valueBytes, minuteBytes] {
            #expect(throws: DamagedBytes.self) { try CountsCodec.countTable(bytes + [0]) }
            for _ in 0..<50 {
                var damaged = bytes
                if Bool.random(using: &random) {
                    damaged.removeLast(.random(in: 1...damaged.count, using: &random))
                } else {
                    damaged[.random(in: damaged.indices, using: &random)] ^=
                        UInt8(1) << UInt8.random(in: 0..<8, using: &random)
                }
                if let table = try? CountsCodec.countTable(damaged) {
                    _ = try? all(of: table, .span)
                    _ = try? [UInt8](repeating: 2, count: 3).withUnsafeBytes {
                        try table.number(of: $0)
                    }
                }
                _ = try? CountsCodec.minuteCounts(damaged)
            }
        }
    }

    /// By value what it counts.
    private func all(of counts: ValueCounts, _ unit: Unit) -> [[UInt8]: Tally] {
        var all: [[UInt8]: Tally] = [[]: counts.tallies(unit)[0]]
        for index in 0..<counts.values.count {
            all[counts.values.withValue(index) { Array($0) }] = counts.tallies(unit)[index + 1]
        }
        return all
    }

    private func all(of table: CountTable, _ unit: Unit) throws -> [[UInt8]: Tally] {
        var all: [[UInt8]: Tally] = [:]
        try table.visit(unit) { all[Array($1)] = $2 }
        return all
    }

    @Test(arguments: 0..<20)
    func `find each value, and none that is not there`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let counts = valueCounts(&random)
        let table = try CountsCodec.countTable(CountsCodec.encode(counts))
        var numbers: [Int] = []
        var cursor = QuietValues.Cursor()
        for code in 0..<counts.values.count {
            let number = try counts.values.withValue(code) { try table.number(of: $0, &cursor) }
            let found = try #require(number)
            let tally = counts.spans[code + 1]
            #expect(try table.tally(.span, found, cursor) == tally)
            #expect(try table.tally(.span, found) == tally)
            #expect(found >= table.firstQuiet || counts.divided.failing.values.count >= found)
            numbers.append(found)
        }
        #expect(numbers.sorted() == Array(1..<max(1, table.count + 1)))
        #expect(try table.number(of: UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
        for other in [[UInt8](repeating: 9, count: 3), [0], [1, 0], [2, 5, 1]] {
            #expect(try other.withUnsafeBytes { try table.number(of: $0) } == nil)
        }
    }

    @Test(arguments: 0..<20)
    func `are visited by their numbers, each once`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let counts = valueCounts(&random)
        let table = try CountsCodec.countTable(CountsCodec.encode(counts))
        var all: [Int: ([UInt8], Tally)] = [:]
        try table.visit(.trace) { all[$0] = (Array($1), $2) }
        #expect(all.count == table.count + 1)
        let wanted = (0...table.count).filter { _ in Int.random(in: 0..<10, using: &random) == 0 }
        var visited: [Int] = []
        try table.visit(.trace, wanted) { number, tagged, tally in
            visited.append(number)
            #expect(all[number]?.0 == Array(tagged) && all[number]?.1 == tally)
        }
        #expect(visited == wanted)
        var failing: [Int] = []
        table.visitFailing(.trace) { number, _, _ in failing.append(number) }
        #expect(failing == Array(0..<table.firstQuiet))
        let failures = all.filter { $0.value.1.failures > 0 }.map(\.key)
        #expect(failures.allSatisfy { $0 < table.firstQuiet })
    }

    @Test(
        arguments: [
            (-1, -1), (0, 0), (59_999_999_999, 0), (60_000_000_000, 1), (.min, -153_722_868),
            (.max, 153_722_867),
        ] as [(Int64, Int64)])
    func `have minutes that begin at or before their times`(time: Int64, minute: Int64) {
        #expect(MinuteCounts.minute(of: time) == minute)
        #expect(MinuteCounts.start(of: minute) <= time)
    }
}

@Suite struct `Fields that counts are stored of` {
    @Test(
        arguments: [
            (Field("tenant"), Field("tenant")), (Field("session"), Field("session")),
            (Field("status"), Field("status")),
            (Field("raw.key"), Field("raw.key", scope: .attribute)),
            (Field("tenant", scope: .attribute), Field("tenant", scope: .attribute)),
            // Scores change without the segment.
            (Field("score.quality"), nil), (Field("score.quality.label"), nil),
            (Field("score.raw", scope: .attribute), Field("score.raw", scope: .attribute)),
            // Each of these is read from one place only.
            (Field("tenant", scope: .root), nil), (Field("raw.key", scope: .span), nil),
            (Field("raw.key", scope: .resource), nil), (Field("raw.key", scope: .event), nil),
        ] as [(Field, Field?)])
    func `are what is the same for all who ask`(field: Field, stored: Field?) {
        #expect(SegmentCounts.name(of: field) == stored)
    }
}

@Suite struct `The first of many` {
    @Test(arguments: 0..<100)
    func `are those that sorting puts first, and all that tie with the last`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 0...400, using: &random)
        let spread = [2, 30, 1 << 30].randomElement(using: &random) ?? 1
        let elements = (0..<count).map {
            (value: Int.random(in: 0...spread, using: &random), at: $0)
        }
        let limit = Int.random(in: 0...40, using: &random)
        let found = Leading.of(elements, limit) { $0.value > $1.value }
        let sorted = elements.sorted { ($1.value, $0.at) < ($0.value, $1.at) }
        guard limit > 0 else {
            #expect(found.isEmpty)
            return
        }
        #expect(found.map(\.at) == found.map(\.at).sorted())
        if let last = sorted.prefix(limit).last {
            let expected = elements.filter { $0.value >= last.value }
            #expect(Set(found.map(\.at)).isSuperset(of: expected.map(\.at)))
            if count / 4 > limit { #expect(found.map(\.at) == expected.map(\.at)) }
        }
    }
}
