internal import Spans
internal import Store

/// Answers a slices query over one frame, in two steps.
///
/// First it is settled which units count, which groups each belongs to, and how many units and failures
/// each group has: all that choosing rows needs. Then figures are summed, for chosen groups each and for
/// all others together, over flat arrays.
struct SliceScan: Sendable {
    private let query: SliceQuery
    private let frame: any Frame
    private let units: MatchedUnits
    private let usage: UnitUsage
    private let values: [UnitValues]
    private let groups: UnitGroups
    private let callCodes: [[UInt32]?]
    private let traceIDs: ColumnData?
    /// By group.
    let tallies: [Tally]
    let droppedUpstream: Int

    /// What is known of a group before its figures.
    struct Tally: Sendable {
        var count = 0
        var failures = 0
    }

    init(
        _ query: SliceQuery, _ fields: FieldResolver, percentiles: [Double: Double]
    ) throws {
        self.query = query
        frame = fields.frame
        let times = try FrameTimes.of(frame)
        let units = try MatchedUnits(query, fields, times, percentiles: percentiles)
        self.units = units
        usage = try UnitUsage(units, fields, times)
        traceIDs = try frame.field(SpanField.traceID)
        var values: [UnitValues] = []
        for field in query.by { values.append(try UnitValues(field, units, fields, times)) }
        self.values = values
        let groups = UnitGroups(values, unitCount: units.numbers.count)
        self.groups = groups
        callCodes = usage.callCodes(values)
        tallies = groups.tallies(units.hasFailed)
        droppedUpstream = try units.droppedUpstream(frame)
    }

    var spanCount: Int { units.spanCount }
    var openTraces: Int { units.openTraces }

    /// Calls `body` with a group's values as bytes that are equal in every frame.
    func withKey<R>(_ group: Int, _ scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> R)
        -> R
    {
        GroupKey.write(groups.codes(of: group), values, &scratch)
        return scratch.withUnsafeBytes(body)
    }

    // MARK: Figures

    /// Whether each unit lies in exactly one group and counts whole there, so that the groups' figures add
    /// up to the total.
    var groupsAddUp: Bool { query.unit == .span && groups.only != nil }

    /// The figures of all units, each once.
    func total() -> SliceFigures {
        var sum = Sum()
        for unit in units.numbers.indices { add(unit, usage.total(unit), to: &sum) }
        return finished(&sum)
    }

    /// The figures of chosen groups each, and of all others together.
    ///
    /// - Parameters:
    ///   - place: for each group its place among the chosen, or -1.
    ///   - count: how many are chosen.
    func figures(place: [Int32], count: Int) -> (chosen: [SliceFigures], others: SliceFigures) {
        if let only = groups.only, count <= Self.atOnceMax {
            return figures(only, place, count)
        }
        let sorted = groups.sorted()
        var chosen = [SliceFigures](repeating: SliceFigures(), count: count)
        var others = Sum()
        for group in place.indices {
            let codes = groups.codes(of: group)
            if place[group] < 0 {
                for unit in sorted.members(of: group) {
                    add(Int(unit), usage.carrying(Int(unit), codes, values, callCodes), to: &others)
                }
                continue
            }
            var sum = Sum()
            for unit in sorted.members(of: group) {
                add(Int(unit), usage.carrying(Int(unit), codes, values, callCodes), to: &sum)
            }
            chosen[Int(place[group])] = finished(&sum)
        }
        return (chosen, finished(&others))
    }

    /// So many groups at most are summed in one pass over the units, each with a buffer of its own.
    private static let atOnceMax = 64

    /// Where each unit has one group: in the order of the units, which is that of the memory.
    private func figures(
        _ groupOf: [UInt32], _ place: [Int32], _ count: Int
    ) -> (chosen: [SliceFigures], others: SliceFigures) {
        var sums = [Sum](repeating: Sum(), count: count + 1)
        let isSpan = query.unit == .span
        for unit in groupOf.indices {
            let group = Int(groupOf[unit])
            let index = place[group] < 0 ? count : Int(place[group])
            // A span carries its own values.
            let used =
                isSpan
                ? usage.total(unit)
                : usage.carrying(unit, groups.codes(of: group), values, callCodes)
            add(unit, used, to: &sums[index])
        }
        var others = sums.removeLast()
        return (sums.indices.map { finished(&sums[$0]) }, finished(&others))
    }

    /// Figures while they are summed. Durations wait in a small buffer that stays in the cache.
    private struct Sum {
        var figures = SliceFigures()
        var durations: [UInt64] = []
        var examples = Examples()

        static let durationsMax = 1024

        @inline(__always)
        mutating func add(duration: UInt64) {
            if durations.count == Self.durationsMax { flush() }
            durations.append(duration)
        }

        mutating func flush() {
            for duration in durations { figures.durationSum += Int128(duration) }
            figures.durations.add(contentsOf: durations)
            durations.removeAll(keepingCapacity: true)
        }
    }

    /// The units that a row shows as examples: failing ones first, newest first. Some more are kept than
    /// are shown, since spans of one trace show as one.
    private struct Examples {
        private(set) var newest: [(unit: Int, hasFailed: Bool, start: Int64)] = []
        private static let kept = SliceFigures.examplesMax * 2

        @inline(__always)
        mutating func offer(_ unit: Int, _ hasFailed: Bool, _ start: Int64) {
            if newest.count == Self.kept {
                let last = newest[Self.kept - 1]
                let isBetter = hasFailed != last.hasFailed ? hasFailed : start > last.start
                if !isBetter { return }
            }
            let place =
                newest.firstIndex { $0.hasFailed != hasFailed ? hasFailed : start > $0.start }
                ?? newest.count
            newest.insert((unit, hasFailed, start), at: place)
            if newest.count > Self.kept { newest.removeLast() }
        }
    }

    @inline(__always)
    private func add(_ unit: Int, _ usage: Usage, to sum: inout Sum) {
        let duration = units.durations[unit]
        sum.add(duration: duration)
        sum.figures.count += 1
        if duration > sum.figures.durationMax { sum.figures.durationMax = duration }
        let hasFailed = units.hasFailed[unit]
        if hasFailed { sum.figures.failures += 1 }
        sum.figures.tokensIn += usage.tokensIn
        sum.figures.tokensOut += usage.tokensOut
        if usage.cost != 0 { sum.figures.cost.add(usage.cost) }
        sum.figures.unpricedCalls += usage.unpriced
        sum.examples.offer(unit, hasFailed, units.starts[unit])
    }

    private func finished(_ sum: inout Sum) -> SliceFigures {
        sum.flush()
        for entry in sum.examples.newest {
            sum.figures.addExample(
                .init(
                    hasFailed: entry.hasFailed, start: entry.start,
                    traceID: traceID(units.numbers[entry.unit])))
        }
        return sum.figures
    }

    private func traceID(_ unit: UInt32) -> UInt128 {
        guard let traceIDs else { return 0 }
        let row = query.unit == .trace ? frame.rows(of: Int(unit)).lowerBound : Int(unit)
        return traceIDs.strings.withValue(Int(traceIDs.codes[row])) { bytes in
            bytes.count == 16 ? UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self)) : 0
        }
    }
}

/// The values of a group as bytes: each tagged value with its length before it, 0 for null.
enum GroupKey {
    static func write(_ codes: [UInt32], _ values: [UnitValues], _ key: inout [UInt8]) {
        key.removeAll(keepingCapacity: true)
        for (code, values) in zip(codes, values) {
            guard code != 0 else {
                key.appendVarint(0)
                continue
            }
            let tagged = values.field.values.tagged(code)
            key.appendVarint(tagged.count)
            key.append(contentsOf: tagged)
        }
    }

    /// The values that a key was made of.
    static func values(of key: UnsafeRawBufferPointer, count: Int) -> [GroupValue] {
        var reader = ByteReader(key)
        return (0..<count).map { _ in
            guard let length = try? reader.count(atMost: reader.remaining),
                let tagged = try? reader.take(length)
            else { return .null }
            return ValueTable.value(tagged)
        }
    }
}
