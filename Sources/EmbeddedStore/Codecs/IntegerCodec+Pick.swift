/// Reading a few values of a long sequence, without writing all of it out: a trace is a dozen rows of a quarter of a million.
extension IntegerCodec {
    /// Reads the values at some places of a sequence of `count`, and goes on behind all of it.
    ///
    /// - Parameters:
    ///   - places: ascending; one may be there twice.
    ///   - traceEnds: as the encoder was given; needed for sequences of one value a trace.
    static func pick(
        _ places: [Int], _ reader: inout ByteReader, count: Int, traceEnds: [UInt32] = []
    ) throws(DamagedBytes) -> [UInt64] {
        try pick(places, &reader, count, traceEnds, depth: 0)
    }

    private static func pick(
        _ places: [Int], _ reader: inout ByteReader, _ count: Int, _ traceEnds: [UInt32],
        depth: Int
    ) throws(DamagedBytes) -> [UInt64] {
        switch try form(&reader, depth: depth) {
        case .constant:
            let value = UInt64(bitPattern: try reader.zigzag())
            return [UInt64](repeating: value, count: places.count)
        case .packed:
            return try pickFromBlocks(places, &reader, count)
        case .deltas:
            return try pickFromDeltas(places, &reader, count, depth)
        case .runs:
            return try pickFromRuns(places, &reader, count, depth)
        case .dictionary:
            let distinctCount = try reader.count(atMost: count)
            var first = reader
            _ = try pick([], &reader, distinctCount, [], depth: depth + 1)
            let indices = try pick(places, &reader, count, [], depth: depth + 1)
            if indices.isEmpty { return [] }
            let distinct = try read(&first, count: distinctCount)
            var values: [UInt64] = []
            for index in indices {
                guard index < UInt64(distinctCount) else {
                    throw DamagedBytes("index \(index) of \(distinctCount)")
                }
                values.append(distinct[Int(index)])
            }
            return values
        case .perTrace:
            guard Int(traceEnds.last ?? 0) == count else {
                throw DamagedBytes("values by trace without traces")
            }
            let traces = places.map { place in
                traceEnds.partitioningIndex { $0 > UInt32(place) }
            }
            return try pick(traces, &reader, traceEnds.count, [], depth: depth + 1)
        }
    }

    private static func pickFromBlocks(
        _ places: [Int], _ reader: inout ByteReader, _ count: Int
    ) throws(DamagedBytes) -> [UInt64] {
        var values: [UInt64] = []
        values.reserveCapacity(places.count)
        var from = 0
        while from < count {
            let to = min(from + blockCount, count)
            let block = try PackedBlock(&reader, count: to - from)
            while values.count < places.count, places[values.count] < to {
                let place = places[values.count] - from
                values.append(
                    unpackOne(block.bytes, base: block.base, width: block.width, at: place))
            }
            from = to
        }
        return values
    }

    /// The differences before a value must be added up, a block at a time.
    private static func pickFromDeltas(
        _ places: [Int], _ reader: inout ByteReader, _ count: Int, _ depth: Int
    ) throws(DamagedBytes) -> [UInt64] {
        guard count > 0 else { throw DamagedBytes("differences of nothing") }
        var value = UInt64(bitPattern: try reader.zigzag())
        var values: [UInt64] = []
        func take(_ place: Int) {
            while values.count < places.count, places[values.count] == place {
                values.append(value)
            }
        }
        take(0)
        var ahead = reader
        guard try ahead.byte() == Form.packed.rawValue else {
            // Written by nobody so far.
            var all = [UInt64](repeating: 0, count: count - 1)
            if places.isEmpty {
                _ = try pick([], &reader, count - 1, [], depth: depth + 1)
            } else {
                all = try read(&reader, count: count - 1)
            }
            for (index, delta) in all.enumerated() {
                value &+= delta
                take(index + 1)
            }
            return values
        }
        reader = ahead
        var block = [UInt64](repeating: 0, count: blockCount)
        var from = 1
        while from < count {
            let to = min(from + blockCount, count)
            let packed = try PackedBlock(&reader, count: to - from)
            if values.count < places.count {
                block.withUnsafeMutableBufferPointer { block in
                    let block = UnsafeMutableBufferPointer(rebasing: block[..<(to - from)])
                    unpack(packed.bytes, base: packed.base, width: packed.width, into: block)
                    if places[values.count] >= to {
                        for delta in block { value &+= delta }
                    } else {
                        for (index, delta) in block.enumerated() {
                            value &+= delta
                            take(from + index)
                        }
                    }
                }
            }
            from = to
        }
        return values
    }

    private static func pickFromRuns(
        _ places: [Int], _ reader: inout ByteReader, _ count: Int, _ depth: Int
    ) throws(DamagedBytes) -> [UInt64] {
        let runCount = try reader.count(atMost: count)
        var first = reader
        _ = try pick([], &reader, runCount, [], depth: depth + 1)
        if places.isEmpty {
            return try pick([], &reader, runCount, [], depth: depth + 1)
        }
        let lengths = try read(&reader, count: runCount)
        var runs: [Int] = []
        var end = 0
        for run in 0..<runCount {
            guard lengths[run] <= UInt64(count - end) else {
                throw DamagedBytes("runs over the end")
            }
            end += Int(lengths[run])
            while runs.count < places.count, places[runs.count] < end { runs.append(run) }
        }
        guard end == count else { throw DamagedBytes("runs end early") }
        return try pick(runs, &first, runCount, [], depth: depth + 1)
    }
}
