internal import Spans

/// Distinct byte strings by code, without the hash table that finds them: a dictionary at rest.
struct StringTable: Sendable, Equatable {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []

    init() {}

    init(_ dictionary: ByteDictionary) {
        bytes = dictionary.bytes
        ends = dictionary.ends
    }

    var count: Int { ends.count }

    func start(of code: Int) -> Int { code == 0 ? 0 : Int(ends[code - 1]) }

    func length(of code: Int) -> Int { Int(ends[code]) - start(of: code) }

    func withValue<R>(_ code: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        let from = start(of: code)
        let to = Int(ends[code])
        return try bytes.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[from..<to]))
        }
    }

    func string(_ code: Int) -> String {
        withValue(code) { String(decoding: $0, as: UTF8.self) }
    }

    mutating func append(_ value: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: value)
        ends.append(UInt32(bytes.count))
    }

    /// Whether each value comes before the next, so that none is there twice.
    var isSorted: Bool {
        (1..<max(1, count)).allSatisfy { code in
            withValue(code - 1) { before in withValue(code) { bytesPrecede(before, $0) } }
        }
    }

    /// The code of a value of a sorted table; nil if it is not there.
    func place(of value: UnsafeRawBufferPointer) -> Int? {
        let place = (0..<count).partitioningIndex { code in
            withValue(code) { !bytesPrecede($0, value) }
        }
        guard place < count, !withValue(place, { bytesPrecede(value, $0) }) else { return nil }
        return place
    }

    /// The codes in the order of their bytes.
    func sortedCodes() -> [UInt32] {
        struct Entry {
            /// The first bytes as a number, which decides in most comparisons.
            let beginning: UInt64
            let code: UInt32
        }
        return bytes.withUnsafeBytes { bytes in
            ends.withUnsafeBufferPointer { ends in
                func value(_ code: UInt32) -> UnsafeRawBufferPointer {
                    let start = code == 0 ? 0 : Int(ends[Int(code) - 1])
                    return UnsafeRawBufferPointer(rebasing: bytes[start..<Int(ends[Int(code)])])
                }
                if isSorted { return Array(0..<UInt32(ends.count)) }
                var entries = (0..<UInt32(ends.count)).map { code in
                    Entry(beginning: value(code).beginning, code: code)
                }
                entries.sort { a, b in
                    a.beginning == b.beginning
                        ? bytesPrecede(value(a.code), value(b.code)) : a.beginning < b.beginning
                }
                return entries.map(\.code)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The first eight bytes as a big-endian number, with zeros for those that are not there.
    fileprivate var beginning: UInt64 {
        if count >= 8 { return UInt64(bigEndian: loadUnaligned(as: UInt64.self)) }
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | (index < count ? UInt64(self[index]) : 0) }
        return number
    }
}

/// String tables as bytes.
enum StringCodec {
    enum Form: UInt8 {
        /// Lengths as a sequence, then all bytes.
        case plain = 0
        /// For sorted tables: lengths shared with the one before, lengths of the rest, the rests.
        case shared = 1
    }

    static func append(_ table: StringTable, sorted: Bool, to bytes: inout [UInt8]) {
        if sorted, table.count > 1 {
            appendShared(table, to: &bytes)
        } else {
            bytes.append(Form.plain.rawValue)
            IntegerCodec.append(lengths(table), to: &bytes)
            bytes.append(contentsOf: table.bytes)
        }
    }

    static func lengths(_ table: StringTable) -> [UInt64] {
        (0..<table.count).map { UInt64(table.length(of: $0)) }
    }

    private static func appendShared(_ table: StringTable, to bytes: inout [UInt8]) {
        var shared: [UInt64] = [0]
        var rests: [UInt64] = [UInt64(table.length(of: 0))]
        var tail: [UInt8] = Array(table.bytes[0..<Int(table.ends[0])])
        tail.reserveCapacity(table.bytes.count)
        table.bytes.withUnsafeBytes { all in
            for code in 1..<table.count {
                let before = table.start(of: code - 1)
                let start = table.start(of: code)
                let end = Int(table.ends[code])
                var length = 0
                let most = min(start - before, end - start)
                while length < most, all[before + length] == all[start + length] { length += 1 }
                shared.append(UInt64(length))
                rests.append(UInt64(end - start - length))
                tail.append(contentsOf: all[start + length..<end])
            }
        }
        bytes.append(Form.shared.rawValue)
        IntegerCodec.append(shared, to: &bytes)
        IntegerCodec.append(rests, to: &bytes)
        bytes.append(contentsOf: tail)
    }

    static func read(_ reader: inout ByteReader, count: Int) throws(DamagedBytes) -> StringTable {
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown form \(tag)") }
        switch form {
        case .plain:
            var table = StringTable()
            table.ends = try ends(IntegerCodec.read(&reader, count: count))
            table.bytes = Array(try reader.take(Int(table.ends.last ?? 0)))
            return table
        case .shared:
            return try readShared(&reader, count: count)
        }
    }

    /// Where each of several strings ends, from their lengths.
    static func ends(_ lengths: [UInt64]) throws(DamagedBytes) -> [UInt32] {
        var ends: [UInt32] = []
        ends.reserveCapacity(lengths.count)
        var end: UInt64 = 0
        for length in lengths {
            guard length <= UInt64(UInt32.max) - end else { throw DamagedBytes("strings too long") }
            end += length
            ends.append(UInt32(end))
        }
        return ends
    }

    private static func readShared(
        _ reader: inout ByteReader, count: Int
    ) throws(DamagedBytes) -> StringTable {
        let shared = try IntegerCodec.read(&reader, count: count)
        let rests = try IntegerCodec.read(&reader, count: count)
        var lengths: [UInt64] = []
        lengths.reserveCapacity(count)
        var restCount = 0
        for code in 0..<count {
            guard shared[code] <= lengths.last ?? 0, rests[code] <= UInt64(UInt32.max) else {
                throw DamagedBytes("shared part longer than the string before")
            }
            lengths.append(shared[code] + rests[code])
            restCount += Int(rests[code])
        }
        var table = StringTable()
        table.ends = try ends(lengths)
        table.bytes = expanded(try reader.take(restCount), shared: shared, ends: table.ends)
        return table
    }

    /// All strings, each from the beginning of the one before and its own rest.
    ///
    /// - Precondition: each shared part is at most as long as the string before, and `rests` holds what
    ///   `ends` and `shared` leave.
    private static func expanded(
        _ rests: UnsafeRawBufferPointer, shared: [UInt64], ends: [UInt32]
    ) -> [UInt8] {
        let count = Int(ends.last ?? 0)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // Written in place: appending a slice of an array to itself would copy all of it each time.
            let all = UnsafeMutableRawBufferPointer(buffer)
            var start = 0
            var previousStart = 0
            var restStart = 0
            for code in ends.indices {
                let end = Int(ends[code])
                let restAt = start + Int(shared[code])
                all[start..<restAt].copyBytes(
                    from: all[previousStart..<previousStart + restAt - start])
                all[restAt..<end].copyBytes(from: rests[restStart..<restStart + end - restAt])
                restStart += end - restAt
                previousStart = start
                start = end
            }
            initialized = count
        }
    }
}
