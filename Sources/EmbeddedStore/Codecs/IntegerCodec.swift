/// Sequences of 64-bit integers as bytes. Each sequence says how it is encoded; the encoder takes
/// what costs least. Values are bit patterns; differences wrap, so every value comes back.
///
/// `docs/STORAGE.md` describes each form.
enum IntegerCodec {
    enum Form: UInt8 {
        /// All the same: one zigzag varint.
        case constant = 0
        /// Blocks of `blockCount` values, each with its own least value and width.
        case packed = 1
        /// The first value, then the differences as a sequence.
        case deltas = 2
        /// A number of runs, then their values and their lengths as sequences.
        case runs = 3
        /// Distinct values ascending as a sequence, then an index into them for each value.
        case dictionary = 4
        /// One value for each trace of the segment: constant within traces.
        case perTrace = 5
    }

    /// Values a block: small enough that an outlier costs little, large enough that headers do too.
    static let blockCount = 1024

    /// Appends `values`.
    ///
    /// - Parameter traceEnds: where each trace ends, if the values are one for each row of a segment
    ///   that is ordered by trace.
    static func append(
        _ values: UnsafeBufferPointer<UInt64>, traceEnds: [UInt32] = [], to bytes: inout [UInt8]
    ) {
        guard let first = values.first else {
            bytes.append(Form.constant.rawValue)
            bytes.append(0)
            return
        }
        let shape = SequenceShape(values)
        if shape.runs == 1 {
            bytes.append(Form.constant.rawValue)
            bytes.appendZigzag(Int64(bitPattern: first))
        } else if !traceEnds.isEmpty, traceEnds.count < shape.runs * 2,
            let perTrace = constantWithinTraces(values, traceEnds)
        {
            bytes.append(Form.perTrace.rawValue)
            perTrace.withUnsafeBufferPointer { append($0, to: &bytes) }
        } else if shape.runs * 4 <= values.count {
            appendRuns(values, count: shape.runs, to: &bytes)
        } else if shape.deltaBits + 64 * 8 < shape.packedBits {
            bytes.append(Form.deltas.rawValue)
            bytes.appendZigzag(Int64(bitPattern: first))
            let deltas = (1..<values.count).map { values[$0] &- values[$0 - 1] }
            deltas.withUnsafeBufferPointer { appendBlocks($0, to: &bytes) }
        } else if let distinct = worthwhileDictionary(values, packedBits: shape.packedBits) {
            appendDictionary(values, distinct, to: &bytes)
        } else {
            appendBlocks(values, to: &bytes)
        }
    }

    static func append(_ values: [UInt64], traceEnds: [UInt32] = [], to bytes: inout [UInt8]) {
        values.withUnsafeBufferPointer { append($0, traceEnds: traceEnds, to: &bytes) }
    }

    static func append(_ values: [UInt32], traceEnds: [UInt32] = [], to bytes: inout [UInt8]) {
        append(values.map(UInt64.init), traceEnds: traceEnds, to: &bytes)
    }

    private static func appendBlocks(
        _ values: UnsafeBufferPointer<UInt64>, to bytes: inout [UInt8]
    ) {
        bytes.append(Form.packed.rawValue)
        var from = 0
        while from < values.count {
            let block = UnsafeBufferPointer(
                rebasing: values[from..<min(from + blockCount, values.count)])
            let (base, width) = frame(of: block)
            bytes.appendZigzag(base)
            bytes.append(UInt8(width))
            appendPacked(block, base: UInt64(bitPattern: base), width: width, to: &bytes)
            from += blockCount
        }
    }

    private static func appendRuns(
        _ values: UnsafeBufferPointer<UInt64>, count: Int, to bytes: inout [UInt8]
    ) {
        var runValues: [UInt64] = []
        var lengths: [UInt64] = []
        runValues.reserveCapacity(count)
        lengths.reserveCapacity(count)
        var start = 0
        for index in 1...values.count
        where index == values.count || values[index] != values[start] {
            runValues.append(values[start])
            lengths.append(UInt64(index - start))
            start = index
        }
        bytes.append(Form.runs.rawValue)
        bytes.appendVarint(runValues.count)
        append(runValues, to: &bytes)
        append(lengths, to: &bytes)
    }

    private static func appendDictionary(
        _ values: UnsafeBufferPointer<UInt64>, _ distinct: [UInt64], to bytes: inout [UInt8]
    ) {
        var codes: [UInt64: UInt64] = [:]
        codes.reserveCapacity(distinct.count)
        for (code, value) in distinct.enumerated() { codes[value] = UInt64(code) }
        bytes.append(Form.dictionary.rawValue)
        bytes.appendVarint(distinct.count)
        append(distinct, to: &bytes)
        values.map { codes[$0] ?? 0 }.withUnsafeBufferPointer { appendBlocks($0, to: &bytes) }
    }

    /// One value for each trace, or nil where some trace has two.
    private static func constantWithinTraces(
        _ values: UnsafeBufferPointer<UInt64>, _ traceEnds: [UInt32]
    ) -> [UInt64]? {
        guard Int(traceEnds.last ?? 0) == values.count else { return nil }
        var result: [UInt64] = []
        result.reserveCapacity(traceEnds.count)
        var start = 0
        for end in traceEnds {
            let value = values[start]
            for index in start..<Int(end) where values[index] != value { return nil }
            result.append(value)
            start = Int(end)
        }
        return result
    }

    private static let enoughToTell = 512

    /// The distinct values ascending, if coding by them takes clearly fewer bits than packing.
    private static func worthwhileDictionary(
        _ values: UnsafeBufferPointer<UInt64>, packedBits: Int
    ) -> [UInt64]? {
        guard values.count >= 32, packedBits > values.count * 8 else { return nil }
        let limit = values.count / 4
        var seen: Set<UInt64> = []
        for (index, value) in values.enumerated() {
            seen.insert(value)
            if seen.count > limit { return nil }
            // Of ids and times nearly every one is new, which a few tell.
            if index == enoughToTell, seen.count > enoughToTell / 4 * 3 { return nil }
        }
        let bits = values.count * bitWidth(UInt64(seen.count - 1)) + seen.count * 64
        guard bits < packedBits * 9 / 10 else { return nil }
        return seen.sorted { Int64(bitPattern: $0) < Int64(bitPattern: $1) }
    }

    /// The least value of a block and the bits that each distance from it takes.
    fileprivate static func frame(
        of block: UnsafeBufferPointer<UInt64>
    ) -> (base: Int64, width: Int) {
        var least = Int64.max
        var greatest = Int64.min
        for value in block {
            let value = Int64(bitPattern: value)
            least = min(least, value)
            greatest = max(greatest, value)
        }
        return (least, bitWidth(UInt64(bitPattern: greatest &- least)))
    }
}

/// What the encoder measures before it chooses.
private struct SequenceShape {
    var runs = 1
    var packedBits = 0
    var deltaBits = 0

    init(_ values: UnsafeBufferPointer<UInt64>) {
        var from = 0
        while from < values.count {
            let to = min(from + IntegerCodec.blockCount, values.count)
            measureBlock(values, from, to)
            from = to
        }
    }

    private mutating func measureBlock(
        _ values: UnsafeBufferPointer<UInt64>, _ from: Int, _ to: Int
    ) {
        var least = Int64.max
        var greatest = Int64.min
        var leastDelta = Int64.max
        var greatestDelta = Int64.min
        var previous = values[max(0, from - 1)]
        for index in from..<to {
            let value = Int64(bitPattern: values[index])
            least = min(least, value)
            greatest = max(greatest, value)
            let delta = Int64(bitPattern: values[index] &- previous)
            leastDelta = min(leastDelta, delta)
            greatestDelta = max(greatestDelta, delta)
            if delta != 0 { runs += 1 }
            previous = values[index]
        }
        let count = to - from
        packedBits += 40 + count * bitWidth(UInt64(bitPattern: greatest &- least))
        deltaBits += 40 + count * bitWidth(UInt64(bitPattern: greatestDelta &- leastDelta))
    }
}
