internal import Spans

/// Reading a few rows of a column.
extension ColumnCodec {
    /// Reads some rows of a column. The others are missing from it, and so are values that none of these has, unless they
    /// are texts that lie elsewhere: those keep their codes.
    ///
    /// - Parameter rows: ascending, each once.
    static func pick(
        _ rows: [Int], _ reader: inout ByteReader, key: ColumnKey, rowCount: Int,
        traceEnds: [UInt32]
    ) throws(DamagedBytes) -> ColumnData {
        let picked = try PresenceCodec.pick(rows, &reader, rowCount: rowCount)
        var column = ColumnData(key: key, presence: .rows(picked.rows))
        if picked.rows.isEmpty { return column }
        let (entries, count) = (picked.entries, picked.count)
        switch key.type {
        case .empty:
            break
        case .int, .bool:
            column.numbers = try IntegerCodec.pick(
                entries, &reader, count: count, traceEnds: traceEnds)
        case .double:
            column.numbers = try DoubleCodec.pick(
                entries, &reader, count: count, traceEnds: traceEnds)
        case .strings:
            let lists = try reader.count(atMost: count)
            let codes = try pickCodes(entries, &reader, count, below: lists, traceEnds)
            let distinct = Set(codes).sorted()
            column.codes = Self.places(of: codes, in: distinct)
            try pickLists(distinct, &reader, count: lists, into: &column)
        case .string, .bytes, .array, .map:
            let values = try reader.count(atMost: count)
            let codes = try pickCodes(entries, &reader, count, below: values, traceEnds)
            switch try reader.byte() {
            case inline:
                let distinct = Set(codes).sorted()
                column.codes = Self.places(of: codes, in: distinct)
                column.strings = try StringCodec.pick(distinct, &reader, count: values)
            case apart:
                column.codes = codes.map { UInt32($0) }
                let lengths = try IntegerCodec.read(&reader, count: values)
                column.strings.ends = try StringCodec.ends(lengths)
                column.texts = .apart
            case pooled:
                column.codes = codes.map { UInt32($0) }
                column.strings.ends = [UInt32](repeating: 0, count: values)
                column.texts = .pooled
            case let place: throw DamagedBytes("strings at place \(place)")
            }
        }
        return column
    }

    private static func pickCodes(
        _ entries: [Int], _ reader: inout ByteReader, _ count: Int, below bound: Int,
        _ traceEnds: [UInt32]
    ) throws(DamagedBytes) -> [Int] {
        var codes: [Int] = []
        for code in try IntegerCodec.pick(entries, &reader, count: count, traceEnds: traceEnds) {
            guard code < UInt64(bound) else { throw DamagedBytes("code \(code) of \(bound)") }
            codes.append(Int(code))
        }
        return codes
    }

    private static func places(of codes: [Int], in distinct: [Int]) -> [UInt32] {
        codes.map { code in UInt32(distinct.partitioningIndex { $0 >= code }) }
    }

    private static func pickLists(
        _ wanted: [Int], _ reader: inout ByteReader, count: Int, into column: inout ColumnData
    ) throws(DamagedBytes) {
        let ends = try StringCodec.ends(IntegerCodec.read(&reader, count: count))
        let elementCount = Int(ends.last ?? 0)
        guard elementCount <= elementsMax else {
            throw DamagedBytes("\(elementCount) list elements")
        }
        var places: [Int] = []
        for list in wanted {
            places += (list == 0 ? 0 : Int(ends[list - 1]))..<Int(ends[list])
            column.lists.ends.append(UInt32(places.count))
        }
        let elements = try IntegerCodec.pick(places, &reader, count: elementCount)
        let distinctCount = try reader.count(atMost: elementCount)
        var codes: [Int] = []
        for element in elements {
            guard element < UInt64(distinctCount) else {
                throw DamagedBytes("element \(element) of \(distinctCount)")
            }
            codes.append(Int(element))
        }
        let distinct = Set(codes).sorted()
        column.lists.codes = Self.places(of: codes, in: distinct)
        column.strings = try StringCodec.pick(distinct, &reader, count: distinctCount)
    }
}

extension PresenceCodec {
    /// Which of some rows have a value, the index of each one's, and how many rows have one at all.
    static func pick(
        _ rows: [Int], _ reader: inout ByteReader, rowCount: Int
    ) throws(DamagedBytes) -> (rows: [UInt32], entries: [Int], count: Int) {
        var present: [UInt32] = []
        var entries: [Int] = []
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown presence \(tag)") }
        switch form {
        case .all:
            return (rows.map { UInt32($0) }, rows, rowCount)
        case .bitmap:
            let bitmap = try reader.take((rowCount + 7) / 8)
            var before = 0
            var next = 0
            for (index, byte) in bitmap.enumerated() {
                while next < rows.count, rows[next] >> 3 == index {
                    let bit = UInt8(1) << UInt8(rows[next] & 7)
                    if byte & bit != 0 {
                        present.append(UInt32(rows[next]))
                        entries.append(before + (byte & (bit - 1)).nonzeroBitCount)
                    }
                    next += 1
                }
                before += byte.nonzeroBitCount
            }
            guard rowCount & 7 == 0 || (bitmap.last ?? 0) >> UInt8(rowCount & 7) == 0 else {
                throw DamagedBytes("presence beyond the last row")
            }
            return (present, entries, before)
        case .rows:
            let count = try reader.count(atMost: rowCount)
            let all = try IntegerCodec.readCodes(&reader, count: count, below: rowCount)
            let presence = Presence.rows(all)
            for row in rows {
                guard let entry = presence.index(of: row) else { continue }
                present.append(UInt32(row))
                entries.append(entry)
            }
            return (present, entries, count)
        }
    }
}

extension StringCodec {
    /// Reads some of `count` strings.
    ///
    /// - Parameter codes: ascending, each once.
    static func pick(
        _ codes: [Int], _ reader: inout ByteReader, count: Int
    ) throws(DamagedBytes) -> StringTable {
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown form \(tag)") }
        var table = StringTable()
        switch form {
        case .plain:
            let ends = try ends(IntegerCodec.read(&reader, count: count))
            let bytes = try reader.take(Int(ends.last ?? 0))
            for code in codes {
                let start = code == 0 ? 0 : Int(ends[code - 1])
                table.append(UnsafeRawBufferPointer(rebasing: bytes[start..<Int(ends[code])]))
            }
        case .shared:
            let shared = try IntegerCodec.read(&reader, count: count)
            let rests = try ends(IntegerCodec.read(&reader, count: count))
            let bytes = try reader.take(Int(rests.last ?? 0))
            for code in codes {
                let string = try sharing(code, shared, rests, bytes)
                string.withUnsafeBytes { table.append($0) }
            }
        }
        return table
    }

    /// One string whose beginning those before it have: back to the one that has its first byte as its own.
    private static func sharing(
        _ code: Int, _ shared: [UInt64], _ restEnds: [UInt32], _ rests: UnsafeRawBufferPointer
    ) throws(DamagedBytes) -> [UInt8] {
        func rest(_ code: Int) -> Range<Int> {
            (code == 0 ? 0 : Int(restEnds[code - 1]))..<Int(restEnds[code])
        }
        guard shared[code] <= UInt64(UInt32.max) else { throw DamagedBytes("shared part too long") }
        var parts = [rest(code)]
        var missing = Int(shared[code])
        var at = code
        while missing > 0 {
            at -= 1
            guard at >= 0 else { throw DamagedBytes("shared part longer than the string before") }
            if shared[at] >= UInt64(missing) { continue }
            let own = rest(at)
            let wanted = missing - Int(shared[at])
            guard wanted <= own.count else {
                throw DamagedBytes("shared part longer than the string before")
            }
            parts.append(own.lowerBound..<own.lowerBound + wanted)
            missing = Int(shared[at])
        }
        return parts.reversed().flatMap { rests[$0] }
    }
}
