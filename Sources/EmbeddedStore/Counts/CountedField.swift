internal import Spans
internal import Store

/// What is counted of one field of a segment, for all of which the field is resolved once.
struct CountedField {
    let counts: ValueCounts
    /// What traces have: their own codes, or those of their rows.
    private let ofTraces: ResolvedField
    private let haveOwn: Bool
    /// For each code of what traces have the index of its value in `counts`; 0 for null.
    private let indexOf: [UInt32]

    /// - Parameter resolved: the field, not for comparison.
    init(
        _ field: Field, _ resolved: ResolvedField, _ units: CountedUnits, _ fields: FieldResolver
    ) throws {
        let tallies = CodeTallies(resolved, units, traceEnds: fields.frame.traceEnds)
        // Of traces some fields are their root's, with values of its own.
        let own =
            field.scope == .any
            ? try fields.traceIntrinsic(field.name, forComparison: false) : nil
        let table = SortedValues(
            [(resolved.values, tallies.isUsed)] + (own.map { [($0.values, nil)] } ?? []))
        indexOf = table.indexOf[own == nil ? 0 : 1]
        ofTraces = own ?? resolved
        haveOwn = own != nil
        let traces = own.map {
            CodeTallies.ofTraces($0.codes, codeCount: $0.values.count + 1, units)
        }
        counts = ValueCounts(
            values: table.values, isList: resolved.lists != nil,
            spans: .init(tallies.spans, table.indexOf[0], count: table.values.count + 1),
            traces: .init(traces ?? tallies.traces, indexOf, count: table.values.count + 1))
    }

    /// What each trace has, those that are not counted too, by the numbers that values have where they are stored.
    func traceValues(_ traceEnds: [UInt32]) -> UnitCodes {
        let numbers = counts.numbers
        let codes =
            haveOwn ? UnitCodes(codes: ofTraces.codes) : UnitCodes(traces: traceEnds, ofTraces)
        return codes.looked(upIn: indexOf.map { numbers[Int($0)] })
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
