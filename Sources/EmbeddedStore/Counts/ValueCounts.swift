internal import Spans
internal import Store

/// How many units of a segment have each value of a field, and how many of these failed as `SliceQuery.defaultFailure`
/// says: of spans and of traces.
struct ValueCounts: MemorySized, Equatable {
    /// Tags and bytes (`ValueTable`), in the order of their bytes.
    let values: StringTable
    /// Whether some span has several values.
    let isList: Bool
    let spans: Tallies
    let traces: Tallies

    /// Counts by value, from index 1 on; at 0 those of the units without a value.
    struct Tallies: Sendable, Equatable {
        let counts: [UInt32]
        let failures: [UInt32]
        /// The indices of values that some unit has which failed.
        let failing: [UInt32]

        init(counts: [UInt32], failures: [UInt32]) {
            self.counts = counts
            self.failures = failures
            failing = (0..<UInt32(failures.count)).filter { failures[Int($0)] > 0 }
        }

        subscript(index: Int) -> Tally {
            Tally(count: Int(counts[index]), failures: Int(failures[index]))
        }
    }

    var byteCount: Int {
        values.bytes.count + values.ends.count * 4 + spans.counts.count * 16
    }

    func tallies(_ unit: Unit) -> Tallies { unit == .trace ? traces : spans }

    /// The index of a value in tallies; nil if no unit has it.
    ///
    /// - Parameter tagged: a tag and bytes; nothing at all for null.
    func index(of tagged: UnsafeRawBufferPointer) -> Int? {
        if tagged.isEmpty { return 0 }
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            if values.withValue(middle, { bytesPrecede($0, tagged) }) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low < values.count, !values.withValue(low, { bytesPrecede(tagged, $0) }) else {
            return nil
        }
        return low + 1
    }
}

extension ValueCounts {
    /// A field that no span has.
    init(absentFrom totals: (spans: Tally, traces: Tally)) {
        func alone(_ tally: Tally) -> Tallies {
            Tallies(counts: [UInt32(tally.count)], failures: [UInt32(tally.failures)])
        }
        self.init(
            values: StringTable(), isList: false, spans: alone(totals.spans),
            traces: alone(totals.traces))
    }

    /// Counts a field over a frame's units.
    init(_ field: Field, _ units: CountedUnits, _ fields: FieldResolver) throws {
        let resolved = try fields.resolve(field, forComparison: false)
        let tallies = CodeTallies(resolved, units, traceEnds: fields.frame.traceEnds)
        isList = resolved.lists != nil
        // Of traces some fields are their root's, with values of its own.
        let own =
            field.scope == .any
            ? try fields.traceIntrinsic(field.name, forComparison: false) : nil
        if let own {
            let table = SortedValues([(resolved.values, tallies.isUsed), (own.values, nil)])
            values = table.values
            spans = Tallies(tallies.spans, table.indexOf[0], count: values.count + 1)
            traces = Tallies(
                CodeTallies.ofTraces(own.codes, codeCount: own.values.count + 1, units),
                table.indexOf[1], count: values.count + 1)
        } else {
            let table = SortedValues([(resolved.values, tallies.isUsed)])
            values = table.values
            spans = Tallies(tallies.spans, table.indexOf[0], count: values.count + 1)
            traces = Tallies(tallies.traces, table.indexOf[0], count: values.count + 1)
        }
    }
}

extension ValueCounts {
    /// What some units add to the counts of a field: by the index of the value, ascending.
    ///
    /// - Throws: `MissingValue` if these are not the counts of the frame's rows.
    func shares(
        of units: CountedUnits, _ unit: Unit, _ field: Field, _ fields: FieldResolver
    ) throws -> [(index: Int, tally: Tally)] {
        if units[unit].selection.isEmpty { return [] }
        let values = try UnitValues(field, unit, fields)
        let tallies = try UnitGroups([values], units[unit].selection, fields.control)
            .tallies(units[unit].hasFailed)
        var shares: [(index: Int, tally: Tally)] = []
        for (code, tally) in tallies.enumerated() where tally.count > 0 {
            let index =
                code == 0
                ? 0 : values.field.values.dictionary.withValue(code - 1) { self.index(of: $0) }
            guard let index else { throw MissingValue() }
            shares.append((index, tally))
        }
        return shares.sorted { $0.index < $1.index }
    }
}

extension ValueCounts.Tallies {
    /// - Parameters:
    ///   - tallies: by code.
    ///   - indexOf: for each code the index of its value; 0 for null and for values that no row has.
    fileprivate init(_ tallies: [CodeTallies.Tally32], _ indexOf: [UInt32], count: Int) {
        var counts = [UInt32](repeating: 0, count: count)
        var failures = counts
        for (code, tally) in tallies.enumerated() where tally.count > 0 {
            counts[Int(indexOf[code])] += tally.count
            failures[Int(indexOf[code])] += tally.failures
        }
        self.init(counts: counts, failures: failures)
    }
}

/// Counts lack a value that rows have.
struct MissingValue: Error {}

/// The values of one or several tables in the order of their bytes.
private struct SortedValues {
    let values: StringTable
    /// For each table and code of it one more than the place of the value; 0 for null and what is not used.
    let indexOf: [[UInt32]]

    /// - Parameter tables: values, and for each code whether it is used; nil if all are.
    init(_ tables: [(values: ValueTable, isUsed: [Bool]?)]) {
        var all = StringTable()
        // The codes of one table are in order, and another's are few.
        var known = ByteDictionary()
        let codes = tables.enumerated().map { index, table in
            [nil]
                + (0..<table.values.count).map { value -> UInt32? in
                    if table.isUsed?[value + 1] == false { return nil }
                    return table.values.dictionary.withValue(value) { bytes in
                        if tables.count == 1 {
                            all.append(bytes)
                            return UInt32(all.count - 1)
                        }
                        let code = known.code(of: bytes)
                        if Int(code) == all.count { all.append(bytes) }
                        return code
                    }
                }
        }
        let order = all.sortedCodes()
        var place = [UInt32](repeating: 0, count: order.count)
        var values = StringTable()
        values.bytes.reserveCapacity(all.bytes.count)
        values.ends.reserveCapacity(all.ends.count)
        for (index, code) in order.enumerated() {
            all.withValue(Int(code)) { values.append($0) }
            place[Int(code)] = UInt32(index + 1)
        }
        self.values = values
        indexOf = codes.map { $0.map { $0.map { place[Int($0)] } ?? 0 } }
    }
}
