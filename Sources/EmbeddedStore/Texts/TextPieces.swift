/// What texts are made of: for each an own piece, which may be empty, then its passages, with an own piece behind each.
struct TextPieces: Sendable, Equatable {
    /// For each text how many passages it has.
    var passageCounts: [UInt32] = []
    /// For each text one more than it has passages.
    var ownLengths: [UInt32] = []
    /// Of passages.
    var codes: [UInt32] = []
}

/// Runs of a pool that texts repeat, by code, in the order of their starts.
struct Passages: Sendable, Equatable {
    var starts: [UInt32] = []
    var lengths: [UInt32] = []

    var count: Int { starts.count }

    @inline(__always)
    func range(_ code: Int) -> Range<Int> {
        let start = Int(starts[code])
        return start..<start + Int(lengths[code])
    }
}

/// A block of pieces, found to be whole, so that reading it needs no checks.
struct TextBlock: MemorySized {
    let textCount: Int
    /// Where in the pool its first own piece begins.
    let ownStart: Int
    let bytes: [UInt8]
    /// Where the lengths of own pieces lie, and the codes.
    private let lengthsStart: Int
    private let codesStart: Int
    private let codeCount: Int
    private let codeBytes: Int

    var byteCount: Int { bytes.count }

    init(_ bytes: [UInt8], _ number: Int, in directory: TextDirectory) throws {
        textCount = directory.textEnds[number] - directory.firstText(of: number)
        ownStart = directory.ownStart(of: number)
        let ownBytes = directory.ownEnds[number] - ownStart
        let textCount = textCount
        let codeBytes = TextPoolCodec.codeBytes(directory.passages.count)
        self.codeBytes = codeBytes
        self.bytes = bytes
        (lengthsStart, codesStart, codeCount) = try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            var passages = 0
            for _ in 0..<textCount { passages += try reader.count(atMost: bytes.count - passages) }
            let lengthsStart = reader.position
            var own = 0
            for _ in 0..<textCount + passages { own += try reader.count(atMost: ownBytes - own) }
            let codesStart = reader.position
            guard own == ownBytes, reader.remaining == passages * codeBytes else {
                throw DamagedBytes("a block of texts that does not add up")
            }
            for index in 0..<passages {
                let code = Self.code(bytes, codesStart + index, passages, codeBytes)
                guard code < directory.passages.count else {
                    throw DamagedBytes("passage \(code) of \(directory.passages.count)")
                }
            }
            return (lengthsStart, codesStart, passages)
        }
    }

    /// The code whose first byte lies at `offset`; the others follow at distances of `count`.
    @inline(__always)
    private static func code(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int, _ codeBytes: Int
    ) -> Int {
        var code = 0
        for byte in 0..<codeBytes { code |= Int(bytes[offset + byte * count]) << (byte * 8) }
        return code
    }

    /// Calls `body` with a reader that stands before the first text.
    @inline(__always)
    func read<R>(_ body: (inout Reader) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes { bytes in
            var reader = Reader(
                bytes: bytes, count: 0, length: lengthsStart, code: codesStart,
                poolPosition: ownStart,
                codeCount: codeCount, codeBytes: codeBytes)
            return try body(&reader)
        }
    }

    /// Reads texts forward, piece by piece: `passageCount`, an `ownPiece`, then for each passage its `passage` and another
    /// `ownPiece`.
    struct Reader {
        fileprivate let bytes: UnsafeRawBufferPointer
        fileprivate var count: Int
        fileprivate var length: Int
        fileprivate var code: Int
        fileprivate var poolPosition: Int
        fileprivate let codeCount: Int
        fileprivate let codeBytes: Int

        @inline(__always)
        mutating func passageCount() -> Int { Self.varint(bytes, &count) }

        /// Where in the pool it lies.
        @inline(__always)
        mutating func ownPiece() -> Range<Int> {
            let start = poolPosition
            poolPosition += Self.varint(bytes, &length)
            return start..<poolPosition
        }

        @inline(__always)
        mutating func passage() -> Int {
            code += 1
            return TextBlock.code(bytes, code - 1, codeCount, codeBytes)
        }

        /// Reads a whole text, as runs of the pool.
        @inline(__always)
        mutating func forEachPiece(_ passages: Passages, _ body: (Range<Int>) -> Void) {
            let count = passageCount()
            body(ownPiece())
            for _ in 0..<count {
                body(passages.range(passage()))
                body(ownPiece())
            }
        }

        @inline(__always)
        private static func varint(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int {
            var next = Int(bytes[position])
            position += 1
            if next < 128 { return next }
            var value = next & 127
            var shift = 7
            repeat {
                next = Int(bytes[position])
                position += 1
                value |= (next & 127) << shift
                shift += 7
            } while next >= 128
            return value
        }
    }

    /// The pieces of one text as runs of the pool, in order.
    func pieces(of text: Int, _ passages: Passages) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        read { reader in
            for _ in 0..<text { reader.forEachPiece(passages) { _ in } }
            reader.forEachPiece(passages) { piece in
                if !piece.isEmpty { pieces.append(piece) }
            }
        }
        return pieces
    }
}
