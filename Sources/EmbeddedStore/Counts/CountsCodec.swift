internal import Spans

/// Counts as bytes (docs/STORAGE.md, "Counts").
enum CountsCodec {
    // MARK: By value

    /// Marks counts of which those of failing values come first.
    private static let isDivided: UInt8 = 2

    static func encode(_ counts: ValueCounts) -> [UInt8] {
        let (failing, others) = counts.divided
        var bytes: [UInt8] = []
        bytes.appendVarint(counts.values.count)
        bytes.append(isDivided | (counts.isList ? 1 : 0))
        bytes.appendVarint(failing.values.count)
        StringCodec.append(failing.values, sorted: true, to: &bytes)
        for tallies in [failing.spans, failing.traces] {
            IntegerCodec.append(tallies.counts, to: &bytes)
            IntegerCodec.append(tallies.failures, to: &bytes)
        }
        QuietValues.append(
            others.values, spans: others.spans, traces: others.traces, to: &bytes)
        return bytes
    }

    static func countTable(_ bytes: [UInt8]) throws(DamagedBytes) -> CountTable {
        try read(bytes) { (reader) throws(DamagedBytes) in
            let count = try reader.count(atMost: valuesMax)
            let flags = try reader.byte()
            guard flags & ~1 == isDivided else { throw DamagedBytes("counts with flags \(flags)") }
            let failing = try reader.count(atMost: count)
            let values = try StringCodec.read(&reader, count: failing)
            let spans = try tallies(&reader, count: failing + 1)
            let traces = try tallies(&reader, count: failing + 1)
            return CountTable(
                failing: ValueCounts(
                    values: values, isList: flags & 1 == 1, spans: spans, traces: traces),
                quiet: try QuietValues(&reader, count: count - failing))
        }
    }

    private static func tallies(
        _ reader: inout ByteReader, count: Int
    ) throws(DamagedBytes) -> ValueCounts.Tallies {
        let counts = try IntegerCodec.readCodes(&reader, count: count, below: 1 << 32)
        let failures = try IntegerCodec.readCodes(&reader, count: count, below: 1 << 32)
        for index in counts.indices where failures[index] > counts[index] {
            throw DamagedBytes("\(failures[index]) of \(counts[index]) have failed")
        }
        return ValueCounts.Tallies(counts: counts, failures: failures)
    }

    // MARK: By trace

    /// - Parameter values: the numbers that each trace has.
    static func encode(_ values: UnitCodes) -> [UInt8] {
        var bytes: [UInt8] = [values.ends.isEmpty ? 0 : 1]
        if !values.ends.isEmpty {
            var lengths: [UInt32] = []
            var start: UInt32 = 0
            for end in values.ends {
                lengths.append(end - start)
                start = end
            }
            IntegerCodec.append(lengths, to: &bytes)
        }
        IntegerCodec.append(values.codes.expanded, to: &bytes)
        return bytes
    }

    /// - Parameters:
    ///   - traces: how many there are.
    ///   - values: how many the field has, null not counted.
    static func traceValues(
        _ bytes: [UInt8], traces: Int, values: Int
    ) throws(DamagedBytes) -> UnitCodes {
        try read(bytes) { (reader) throws(DamagedBytes) in
            let limit = values + 1
            guard try reader.byte() == 1 else {
                return UnitCodes(
                    codes: Codes(
                        try IntegerCodec.readCodes(&reader, count: traces, below: limit)))
            }
            let lengths = try IntegerCodec.readCodes(&reader, count: traces, below: limit + 1)
            var ends: [UInt32] = []
            ends.reserveCapacity(traces)
            var sum: UInt32 = 0
            for length in lengths {
                let (next, overflows) = sum.addingReportingOverflow(length)
                guard length > 0, !overflows else {
                    throw DamagedBytes("a trace has \(length) values")
                }
                sum = next
                ends.append(sum)
            }
            return UnitCodes(
                ends: ends,
                codes: try IntegerCodec.readCodes(&reader, count: Int(sum), below: limit))
        }
    }

    // MARK: By minute

    /// - Parameter apart: the numbers of the traces that no count is about, ascending.
    static func encode(_ counts: MinuteCounts, apart: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendVarint(apart.count)
        IntegerCodec.append(apart, to: &bytes)
        bytes.appendVarint(counts.minutes.count)
        IntegerCodec.append(counts.minutes.map { UInt64(bitPattern: $0) }, to: &bytes)
        for column in counts.columns { IntegerCodec.append(column, to: &bytes) }
        return bytes
    }

    static func minuteCounts(
        _ bytes: [UInt8]
    ) throws(DamagedBytes) -> (counts: MinuteCounts, apart: [UInt32]) {
        try read(bytes) { (reader) throws(DamagedBytes) in
            let apartCount = try reader.count(atMost: valuesMax)
            let apart = try IntegerCodec.readCodes(&reader, count: apartCount, below: 1 << 32)
            let count = try reader.count(atMost: valuesMax)
            let minutes = try IntegerCodec.read(&reader, count: count)
            var columns: [[UInt64]] = []
            for _ in MinuteCounts.Column.allCases {
                let column = try IntegerCodec.read(&reader, count: count)
                guard column.allSatisfy({ $0 <= MinuteCounts.countMax }) else {
                    throw DamagedBytes("a minute with more than there can be")
                }
                columns.append(column)
            }
            let counts = MinuteCounts(
                minutes: minutes.map { Int64(bitPattern: $0) }, columns: columns)
            return (counts, apart)
        }
    }

    /// No segment has more.
    private static let valuesMax = 1 << 28

    private static func read<T>(
        _ bytes: [UInt8], _ body: (inout ByteReader) throws(DamagedBytes) -> T
    ) throws(DamagedBytes) -> T {
        let result = bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return Result { () throws(DamagedBytes) in
                let value = try body(&reader)
                guard reader.isAtEnd else { throw DamagedBytes("goes on after its end") }
                return value
            }
        }
        return try result.get()
    }
}
