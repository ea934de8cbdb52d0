internal import Spans
internal import Store

/// The values of a field of which no unit failed, in the order of their bytes, and how many units have each.
///
/// A segment may have a hundred thousand of them, and a question mostly wants a few, or none: they stay as they are stored.
struct QuietValues: Sendable {
    /// Values a block: decoding one to find a value in it takes some microseconds.
    static let blockValues = 256
    /// Up to so many are decoded at once and kept so: then they are asked for together.
    private static let decodedMax = 8192

    let count: Int
    /// The first value of each block.
    private let firsts: StringTable
    private let blockEnds: [UInt32]
    /// The blocks, one after the other; none if they are decoded.
    private let bytes: [UInt8]
    private let decoded: [Block]

    struct Block: Sendable {
        fileprivate let values: StringTable
        fileprivate let spans: [UInt32]
        fileprivate let traces: [UInt32]

        var count: Int { values.count }

        func withValue<R>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
            values.withValue(index, body)
        }

        func tally(_ unit: Unit, _ index: Int) -> Tally {
            Tally(count: Int(unit == .trace ? traces[index] : spans[index]), failures: 0)
        }
    }

    /// None.
    init() {
        count = 0
        firsts = StringTable()
        blockEnds = []
        bytes = []
        decoded = []
    }

    var blockCount: Int { firsts.count }

    var byteCount: Int {
        firsts.bytes.count + firsts.count * 8 + bytes.count
            + decoded.reduce(0) { $0 + $1.values.bytes.count + $1.count * 12 + 100 }
    }

    func block(_ index: Int) throws(DamagedBytes) -> Block {
        if !decoded.isEmpty { return decoded[index] }
        let count = valueCount(of: index)
        return try reading(index) { (reader) throws(DamagedBytes) in
            try Block(&reader, count: count)
        }
    }

    /// The block in which a value was looked for last.
    struct Cursor {
        fileprivate var open: (index: Int, block: Block)?

        /// Of a value in it, by its place among all.
        func tally(_ unit: Unit, _ place: Int) -> Tally? {
            guard let open, open.index == place / blockValues else { return nil }
            return open.block.tally(unit, place % blockValues)
        }
    }

    /// Where a value stands among all; nil if it is not here.
    func place(
        of tagged: UnsafeRawBufferPointer, _ cursor: inout Cursor
    ) throws(DamagedBytes) -> Int? {
        let behind = (0..<blockCount).partitioningIndex { index in
            firsts.withValue(index) { bytesPrecede(tagged, $0) }
        }
        guard behind > 0 else { return nil }
        let index = behind - 1
        if cursor.open?.index != index { cursor.open = (index, try block(index)) }
        let place = cursor.open?.block.values.place(of: tagged)
        return place.map { index * Self.blockValues + $0 }
    }

    private func valueCount(of block: Int) -> Int {
        min(Self.blockValues, count - block * Self.blockValues)
    }

    private func reading<R>(
        _ block: Int, _ body: (inout ByteReader) throws(DamagedBytes) -> R
    ) throws(DamagedBytes) -> R {
        let range = Int(block == 0 ? 0 : blockEnds[block - 1])..<Int(blockEnds[block])
        let result = bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
            return Result { () throws(DamagedBytes) in try body(&reader) }
        }
        return try result.get()
    }
}

// MARK: - As bytes

extension QuietValues {
    /// Appends values and their counts (docs/STORAGE.md, "Counts").
    static func append(
        _ values: StringTable, spans: [UInt32], traces: [UInt32], to bytes: inout [UInt8]
    ) {
        if values.count == 0 { return }
        var firsts = StringTable()
        var lengths: [UInt64] = []
        var blocks: [UInt8] = []
        for first in stride(from: 0, to: values.count, by: blockValues) {
            let range = first..<min(first + blockValues, values.count)
            values.withValue(first) { firsts.append($0) }
            var part = StringTable()
            for index in range { values.withValue(index) { part.append($0) } }
            let start = blocks.count
            StringCodec.append(part, sorted: true, to: &blocks)
            IntegerCodec.append(Array(spans[range]), to: &blocks)
            IntegerCodec.append(Array(traces[range]), to: &blocks)
            lengths.append(UInt64(blocks.count - start))
        }
        StringCodec.append(firsts, sorted: true, to: &bytes)
        IntegerCodec.append(lengths, to: &bytes)
        bytes.append(contentsOf: blocks)
    }

    init(_ reader: inout ByteReader, count: Int) throws(DamagedBytes) {
        guard count > 0 else {
            self.init()
            return
        }
        let blocks = (count - 1) / Self.blockValues + 1
        let firsts = try StringCodec.read(&reader, count: blocks)
        let ends = try StringCodec.ends(IntegerCodec.read(&reader, count: blocks))
        let bytes = Array(try reader.take(Int(ends.last ?? 0)))
        self.init(count: count, firsts: firsts, blockEnds: ends, bytes: bytes, decoded: [])
        if count <= Self.decodedMax {
            var decoded: [Block] = []
            for index in 0..<blocks { decoded.append(try block(index)) }
            self.init(count: count, firsts: firsts, blockEnds: [], bytes: [], decoded: decoded)
        }
    }

    private init(
        count: Int, firsts: StringTable, blockEnds: [UInt32], bytes: [UInt8], decoded: [Block]
    ) {
        self.count = count
        self.firsts = firsts
        self.blockEnds = blockEnds
        self.bytes = bytes
        self.decoded = decoded
    }
}

extension QuietValues.Block {
    fileprivate init(_ reader: inout ByteReader, count: Int) throws(DamagedBytes) {
        values = try StringCodec.read(&reader, count: count)
        spans = try IntegerCodec.readCodes(&reader, count: count, below: 1 << 32)
        traces = try IntegerCodec.readCodes(&reader, count: count, below: 1 << 32)
        guard reader.isAtEnd else { throw DamagedBytes("a block goes on after its end") }
    }
}
