extension IntegerCodec {
    /// Reads a sequence of `count` values.
    ///
    /// - Parameter traceEnds: as the encoder was given; needed for sequences of one value a trace.
    static func read(
        _ reader: inout ByteReader, count: Int, traceEnds: [UInt32] = []
    ) throws(DamagedBytes) -> [UInt64] {
        var values = [UInt64](repeating: 0, count: count)
        try read(&reader, into: &values, traceEnds: traceEnds, depth: 0)
        return values
    }

    /// The same as 32-bit codes, each below `bound`.
    static func readCodes(
        _ reader: inout ByteReader, count: Int, below bound: Int, traceEnds: [UInt32] = []
    ) throws(DamagedBytes) -> [UInt32] {
        var codes = [UInt32](repeating: 0, count: count)
        var greatest: UInt64 = 0
        func set(_ values: [UInt64], _ range: Range<Int>) {
            codes.withUnsafeMutableBufferPointer { codes in
                values.withUnsafeBufferPointer { values in
                    for index in range {
                        let value = values[index - range.lowerBound]
                        greatest = max(greatest, value)
                        codes[index] = UInt32(truncatingIfNeeded: value)
                    }
                }
            }
        }
        var ahead = reader
        if try form(&ahead, depth: 0) == .packed {
            // What most columns are: a block at a time, which stays near the processor.
            reader = ahead
            var block = [UInt64](repeating: 0, count: min(count, blockCount))
            for from in stride(from: 0, to: count, by: blockCount) {
                let to = min(from + blockCount, count)
                block.removeLast(block.count - (to - from))
                try readBlocks(&reader, into: &block)
                set(block, from..<to)
            }
        } else {
            set(try read(&reader, count: count, traceEnds: traceEnds), 0..<count)
        }
        guard count == 0 || greatest < UInt64(bound) else {
            throw DamagedBytes("code \(greatest) of \(bound)")
        }
        return codes
    }

    private static func read(
        _ reader: inout ByteReader, into values: inout [UInt64], traceEnds: [UInt32], depth: Int
    ) throws(DamagedBytes) {
        switch try form(&reader, depth: depth) {
        case .constant:
            let value = UInt64(bitPattern: try reader.zigzag())
            for index in values.indices { values[index] = value }
        case .packed:
            try readBlocks(&reader, into: &values)
        case .deltas:
            try readDeltas(&reader, into: &values, depth: depth)
        case .runs:
            try readRuns(&reader, into: &values, depth: depth)
        case .dictionary:
            try readDictionary(&reader, into: &values, depth: depth)
        case .perTrace:
            var perTrace = [UInt64](repeating: 0, count: traceEnds.count)
            try read(&reader, into: &perTrace, traceEnds: [], depth: depth + 1)
            guard Int(traceEnds.last ?? 0) == values.count else {
                throw DamagedBytes("values by trace without traces")
            }
            var start = 0
            for (trace, end) in traceEnds.enumerated() {
                for index in start..<Int(end) { values[index] = perTrace[trace] }
                start = Int(end)
            }
        }
    }

    static func form(_ reader: inout ByteReader, depth: Int) throws(DamagedBytes) -> Form {
        // Forms nest at most: per trace, runs, lengths, dictionary, packed.
        guard depth < 8 else { throw DamagedBytes("sequence nested too deep") }
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown form \(tag)") }
        return form
    }

    /// A block of a packed sequence, still packed.
    struct PackedBlock {
        let base: UInt64
        let width: Int
        let bytes: UnsafeRawBufferPointer

        init(_ reader: inout ByteReader, count: Int) throws(DamagedBytes) {
            base = UInt64(bitPattern: try reader.zigzag())
            width = Int(try reader.byte())
            guard width <= 64 else { throw DamagedBytes("width \(width)") }
            bytes = try reader.take(packedSize(count: count, width: width))
        }
    }

    private static func readBlocks(
        _ reader: inout ByteReader, into values: inout [UInt64]
    ) throws(DamagedBytes) {
        var from = 0
        while from < values.count {
            let to = min(from + blockCount, values.count)
            let block = try PackedBlock(&reader, count: to - from)
            values.withUnsafeMutableBufferPointer {
                unpack(
                    block.bytes, base: block.base, width: block.width,
                    into: UnsafeMutableBufferPointer(rebasing: $0[from..<to]))
            }
            from = to
        }
    }

    private static func readDeltas(
        _ reader: inout ByteReader, into values: inout [UInt64], depth: Int
    ) throws(DamagedBytes) {
        guard !values.isEmpty else { throw DamagedBytes("differences of nothing") }
        var value = UInt64(bitPattern: try reader.zigzag())
        var deltas = [UInt64](repeating: 0, count: values.count - 1)
        try read(&reader, into: &deltas, traceEnds: [], depth: depth + 1)
        values[0] = value
        for index in deltas.indices {
            value &+= deltas[index]
            values[index + 1] = value
        }
    }

    private static func readRuns(
        _ reader: inout ByteReader, into values: inout [UInt64], depth: Int
    ) throws(DamagedBytes) {
        let count = try reader.count(atMost: values.count)
        var runValues = [UInt64](repeating: 0, count: count)
        var lengths = runValues
        try read(&reader, into: &runValues, traceEnds: [], depth: depth + 1)
        try read(&reader, into: &lengths, traceEnds: [], depth: depth + 1)
        var at = 0
        for run in 0..<count {
            guard lengths[run] <= UInt64(values.count - at) else {
                throw DamagedBytes("runs over the end")
            }
            for index in at..<at + Int(lengths[run]) { values[index] = runValues[run] }
            at += Int(lengths[run])
        }
        guard at == values.count else { throw DamagedBytes("runs end early") }
    }

    private static func readDictionary(
        _ reader: inout ByteReader, into values: inout [UInt64], depth: Int
    ) throws(DamagedBytes) {
        let count = try reader.count(atMost: values.count)
        var distinct = [UInt64](repeating: 0, count: count)
        try read(&reader, into: &distinct, traceEnds: [], depth: depth + 1)
        try read(&reader, into: &values, traceEnds: [], depth: depth + 1)
        for index in values.indices {
            guard values[index] < UInt64(count) else {
                throw DamagedBytes("index \(values[index]) of \(count)")
            }
            values[index] = distinct[Int(values[index])]
        }
    }
}
