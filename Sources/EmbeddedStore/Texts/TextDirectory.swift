/// Where the texts of a column lie, and what they repeat: the first of its blocks.
struct TextDirectory: MemorySized, Equatable {
    /// Of the pool, which lies in blocks behind those of the pieces.
    let poolBytes: Int
    let passages: Passages
    /// For each block of pieces the number of its last text, plus one.
    let textEnds: [Int]
    /// For each block of pieces where in the pool its last own piece ends.
    let ownEnds: [Int]

    var byteCount: Int { passages.count * 8 + textEnds.count * 16 }

    /// - Parameter textCount: of the column.
    init(_ bytes: [UInt8], textCount: Int) throws {
        (poolBytes, passages, textEnds, ownEnds) = try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let poolBytes = try reader.count(atMost: Int(UInt32.max))
            let passages = try Passages(&reader, poolBytes: poolBytes)
            var textEnds: [Int] = []
            var ownEnds: [Int] = []
            var texts = 0
            var own = 0
            for _ in 0..<(try reader.count(atMost: textCount)) {
                texts += try reader.count(atMost: textCount - texts)
                own += try reader.count(atMost: poolBytes - own)
                textEnds.append(texts)
                ownEnds.append(own)
            }
            guard texts == textCount, own == poolBytes, reader.isAtEnd else {
                throw DamagedBytes("a text directory that does not add up")
            }
            return (poolBytes, passages, textEnds, ownEnds)
        }
    }

    /// The block of pieces that a text is in, and its place there.
    func place(of text: Int) -> (block: Int, index: Int)? {
        guard let block = textEnds.firstIndex(where: { $0 > text }) else { return nil }
        return (block, text - firstText(of: block))
    }

    func firstText(of block: Int) -> Int { block == 0 ? 0 : textEnds[block - 1] }

    /// Where in the pool a block's first own piece begins.
    func ownStart(of block: Int) -> Int { block == 0 ? 0 : ownEnds[block - 1] }

    /// The number under which a block of pieces is stored.
    func number(ofPieces block: Int) -> Int { 1 + block }

    /// The number under which a block of the pool is stored.
    func number(ofPool block: Int) -> Int { 1 + textEnds.count + block }
}

extension Passages {
    fileprivate init(_ reader: inout ByteReader, poolBytes: Int) throws {
        let count = try reader.count(atMost: reader.remaining)
        var start = 0
        for _ in 0..<count {
            start += try reader.count(atMost: poolBytes - start)
            starts.append(UInt32(start))
        }
        for start in starts {
            lengths.append(UInt32(try reader.count(atMost: poolBytes - Int(start))))
        }
    }
}
