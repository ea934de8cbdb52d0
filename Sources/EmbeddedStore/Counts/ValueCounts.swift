internal import Spans
internal import Store

/// How many units of a segment have each value of a field, and how many of these failed as `SliceQuery.defaultFailure`
/// says: of spans and of traces.
struct ValueCounts: MemorySized {
    /// Tags and bytes (`ValueTable`), in the order of their bytes.
    let values: StringTable
    /// Whether some span has several values.
    let isList: Bool
    let spans: Tallies
    let traces: Tallies

    /// Counts by value, from index 1 on; at 0 those of the units without a value.
    struct Tallies: Sendable {
        let counts: [UInt32]
        let failures: [UInt32]

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
        tagged.isEmpty ? 0 : values.place(of: tagged).map { $0 + 1 }
    }
}

extension ValueCounts {
    /// The values of which some unit failed, with the units without a value; and the others.
    var divided:
        (failing: ValueCounts, others: (values: StringTable, spans: [UInt32], traces: [UInt32]))
    {
        let fails = [true] + (1..<values.count + 1).map(fails)
        func picked(_ counts: [UInt32], _ isFailing: Bool) -> [UInt32] {
            counts.indices.filter { fails[$0] == isFailing }.map { counts[$0] }
        }
        var tables = (failing: StringTable(), others: StringTable())
        for index in 0..<values.count {
            values.withValue(index) {
                if fails[index + 1] { tables.failing.append($0) } else { tables.others.append($0) }
            }
        }
        func failing(_ tallies: Tallies) -> Tallies {
            Tallies(
                counts: picked(tallies.counts, true), failures: picked(tallies.failures, true))
        }
        return (
            ValueCounts(
                values: tables.failing, isList: isList, spans: failing(spans),
                traces: failing(traces)),
            (tables.others, picked(spans.counts, false), picked(traces.counts, false))
        )
    }

    /// By index the numbers that values have where they are stored: what fails first (`CountTable`).
    var numbers: [UInt32] {
        var numbers = [UInt32](repeating: 0, count: values.count + 1)
        var next: UInt32 = 1
        for isFailing in [true, false] {
            for index in 1..<numbers.count where fails(index) == isFailing {
                numbers[index] = next
                next += 1
            }
        }
        return numbers
    }

    private func fails(_ index: Int) -> Bool {
        spans.failures[index] | traces.failures[index] != 0
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
