internal import Spans

/// The texts of a column as blocks of bytes: a directory, what the texts are made of, and the pool.
///
/// Reading one text takes the directory, its block of pieces, and the few blocks of the pool that it has pieces of.
/// `docs/STORAGE.md` has the layout.
enum TextPoolCodec {
    /// Of pieces, roughly, before compression: some thousand prompts.
    static let pieceBlockBytes = 16 << 10
    /// Of the pool.
    static let poolBlockBytes = 32 << 10

    /// The blocks in the order of their numbers, before compression.
    static func encode(_ builder: TextPoolBuilder) -> [[UInt8]] {
        let (passages, pieces) = builder.finished()
        var directory: [UInt8] = []
        directory.appendVarint(builder.pool.count)
        append(passages, to: &directory)
        var writer = PieceWriter(codeBytes: codeBytes(passages.count), pieces)
        let blocks = writer.blocks()
        directory.appendVarint(blocks.count)
        for block in blocks {
            directory.appendVarint(block.textCount)
            directory.appendVarint(block.ownBytes)
        }
        let starts = stride(from: 0, to: builder.pool.count, by: poolBlockBytes)
        return [directory] + blocks.map(\.bytes)
            + starts.map {
                Array(builder.pool[$0..<min($0 + poolBlockBytes, builder.pool.count)])
            }
    }

    private static func append(_ passages: Passages, to bytes: inout [UInt8]) {
        bytes.appendVarint(passages.count)
        var last: UInt32 = 0
        for start in passages.starts {
            bytes.appendVarint(UInt64(start - last))
            last = start
        }
        for length in passages.lengths { bytes.appendVarint(UInt64(length)) }
    }

    /// How many bytes the code of a passage takes.
    static func codeBytes(_ passageCount: Int) -> Int {
        (bitWidth(UInt64(max(0, passageCount - 1))) + 7) / 8
    }

    /// The bytes of the pool in one of its blocks.
    static func poolRange(_ block: Int, of poolBytes: Int) -> Range<Int> {
        block * poolBlockBytes..<min((block + 1) * poolBlockBytes, poolBytes)
    }
}

/// Divides pieces into blocks.
///
/// What is alike lies together, since zlib then finds short codes for it: the texts' numbers of passages, the lengths of own
/// pieces, then the first byte of each code, the second of each, and so on.
private struct PieceWriter {
    struct Block {
        var bytes: [UInt8]
        var textCount = 0
        var ownBytes = 0
    }

    private let codeBytes: Int
    private let pieces: TextPieces
    private var ownAt = 0
    private var codeAt = 0

    init(codeBytes: Int, _ pieces: TextPieces) {
        self.codeBytes = codeBytes
        self.pieces = pieces
    }

    mutating func blocks() -> [Block] {
        var blocks: [Block] = []
        var text = 0
        while text < pieces.passageCounts.count { blocks.append(block(from: &text)) }
        return blocks
    }

    private mutating func block(from text: inout Int) -> Block {
        var counts: [UInt8] = []
        var lengths: [UInt8] = []
        let firstCode = codeAt
        var block = Block(bytes: [])
        repeat {
            let count = Int(pieces.passageCounts[text])
            counts.appendVarint(count)
            for length in pieces.ownLengths[ownAt...ownAt + count] {
                lengths.appendVarint(UInt64(length))
                block.ownBytes += Int(length)
            }
            ownAt += count + 1
            codeAt += count
            text += 1
            block.textCount += 1
        } while text < pieces.passageCounts.count
            && counts.count + lengths.count + (codeAt - firstCode) * codeBytes
                < TextPoolCodec.pieceBlockBytes
        block.bytes = counts + lengths
        for byte in 0..<codeBytes {
            for code in pieces.codes[firstCode..<codeAt] {
                block.bytes.append(UInt8(truncatingIfNeeded: code >> UInt32(byte * 8)))
            }
        }
        return block
    }
}
