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
}
