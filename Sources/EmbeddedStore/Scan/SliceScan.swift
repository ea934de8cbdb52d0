internal import Spans
internal import Store

/// The part of a slices answer that one frame gives; merges with those of other frames.
struct SlicePartial: Sendable {
    /// By the tags and bytes of the values of `by`.
    var groups: [[UInt8]: SliceFigures] = [:]
    var total = SliceFigures()
    var matchedSpans = 0
    var openTraces = 0
    var droppedUpstream = 0

    mutating func merge(_ other: SlicePartial) {
        for (key, figures) in other.groups {
            groups[key, default: SliceFigures()].merge(figures)
        }
        total.merge(other.total)
        matchedSpans += other.matchedSpans
        openTraces += other.openTraces
        droppedUpstream += other.droppedUpstream
    }
}

/// Answers a slices query over one frame.
///
/// First it is settled which units count and which groups each belongs to; then figures are summed
/// group by group over flat arrays.
struct SliceScan {
    private let query: SliceQuery
    private let frame: any Frame
    private let fields: FieldResolver
    private let times: FrameTimes
    private let percentiles: [Double: Double]

    init(_ query: SliceQuery, _ fields: FieldResolver, percentiles: [Double: Double]) throws {
        self.query = query
        self.fields = fields
        self.percentiles = percentiles
        frame = fields.frame
        times = try FrameTimes.of(frame)
    }

    func scan() throws -> SlicePartial {
        let units = try MatchedUnits(query, fields, times, percentiles: percentiles)
        var partial = SlicePartial()
        if units.numbers.isEmpty { return partial }
        let usage = try UnitUsage(units, fields, times)
        let traceIDs = try frame.field(SpanField.traceID)
        var values: [UnitValues] = []
        for field in query.by { values.append(try UnitValues(field, units, fields, times)) }
        let groups = UnitGroups(values, unitCount: units.numbers.count)
        partial.total = figures(units, traceIDs, UnitGroups.all(units.numbers.count), 0) {
            usage.all($0)
        }
        for group in 0..<groups.count {
            let codes = groups.codes(of: group)
            let figures = figures(units, traceIDs, groups, group) { unit in
                usage.carrying(unit, codes, values)
            }
            partial.groups[Self.key(codes, values)] = figures
        }
        partial.matchedSpans = units.spanCount
        partial.openTraces = units.openTraces
        partial.droppedUpstream = try droppedUpstream(units)
        return partial
    }

    /// The values of a group as bytes that are equal in every frame: each with its length before it.
    private static func key(_ codes: [UInt32], _ values: [UnitValues]) -> [UInt8] {
        var key: [UInt8] = []
        for (code, values) in zip(codes, values) {
            guard code != 0 else {
                key.appendVarint(0)
                continue
            }
            let tagged = values.field.values.tagged(code)
            key.appendVarint(tagged.count)
            key.append(contentsOf: tagged)
        }
        return key
    }

    /// The values that `key` was made of.
    static func values(of key: [UInt8], count: Int) -> [GroupValue] {
        key.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return (0..<count).map { _ in
                guard let length = try? reader.count(atMost: reader.remaining),
                    let tagged = try? reader.take(length)
                else { return .null }
                return ValueTable.value(tagged)
            }
        }
    }

    private func figures(
        _ units: MatchedUnits, _ traceIDs: ColumnData?, _ groups: UnitGroups, _ group: Int,
        usage: (Int) -> Usage
    ) -> SliceFigures {
        var figures = SliceFigures()
        let members = groups.members(of: group)
        figures.count = members.count
        var durations = [UInt64](repeating: 0, count: members.count)
        var sum = Int128(0)
        var newest: [(unit: Int, hasFailed: Bool, start: Int64)] = []
        for (index, member) in members.enumerated() {
            let unit = Int(member)
            let duration = units.durations[unit]
            durations[index] = duration
            sum += Int128(duration)
            figures.durationMax = max(figures.durationMax, duration)
            let hasFailed = units.hasFailed[unit]
            if hasFailed { figures.failures += 1 }
            let usage = usage(unit)
            figures.tokensIn += usage.tokensIn
            figures.tokensOut += usage.tokensOut
            if usage.cost != 0 { figures.cost.add(usage.cost) }
            figures.unpricedCalls += usage.unpriced
            let start = units.starts[unit]
            if newest.count < SliceFigures.examplesMax * 2
                || precedes(
                    (hasFailed, start), (newest[newest.count - 1].1, newest[newest.count - 1].2))
            {
                insert((unit, hasFailed, start), into: &newest)
            }
        }
        figures.durationSum = sum
        figures.durations = QuantileSketch(durations)
        for entry in newest {
            figures.addExample(
                .init(
                    hasFailed: entry.hasFailed, start: entry.start,
                    traceID: traceID(units.numbers[entry.unit], traceIDs)))
        }
        return figures
    }

    /// Keeps some more than are shown, since spans of one trace show as one.
    private func insert(
        _ entry: (unit: Int, hasFailed: Bool, start: Int64),
        into newest: inout [(unit: Int, hasFailed: Bool, start: Int64)]
    ) {
        let place =
            newest.firstIndex { precedes((entry.1, entry.2), ($0.1, $0.2)) } ?? newest.count
        newest.insert(entry, at: place)
        if newest.count > SliceFigures.examplesMax * 2 { newest.removeLast() }
    }

    private func precedes(_ a: (Bool, Int64), _ b: (Bool, Int64)) -> Bool {
        a.0 != b.0 ? a.0 : a.1 > b.1
    }

    private func traceID(_ unit: UInt32, _ traceIDs: ColumnData?) -> [UInt8] {
        guard let traceIDs else { return [] }
        let row = query.unit == .trace ? frame.rows(of: Int(unit)).lowerBound : Int(unit)
        return traceIDs.strings.withValue(Int(traceIDs.codes[row])) { Array($0) }
    }

    private func droppedUpstream(_ units: MatchedUnits) throws -> Int {
        var dropped = 0
        for field in [SpanField.droppedAttributes, .droppedEvents, .droppedLinks] {
            guard let column = try frame.field(field) else { continue }
            let dense = column.denseNumbers(rowCount: frame.spanCount)
            for unit in units.numbers {
                let rows =
                    query.unit == .trace ? frame.rows(of: Int(unit)) : Int(unit)..<Int(unit) + 1
                for row in rows { dropped += Int(truncatingIfNeeded: dense[row]) }
            }
        }
        return dropped
    }
}
