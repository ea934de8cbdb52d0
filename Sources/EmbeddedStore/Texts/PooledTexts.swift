/// All texts of a column as they lie at rest: a pool, and what each text takes of it. See `TextPoolBuilder`.
struct PooledTexts: MemorySized {
    let pool: [UInt8]
    let directory: TextDirectory
    let blocks: [TextBlock]
    let textCount: Int

    var byteCount: Int {
        directory.byteCount + pool.count + blocks.reduce(0) { $0 + $1.bytes.count }
    }

    /// - Parameters:
    ///   - stored: all blocks in the order of their numbers, inflated.
    ///   - textCount: of the column.
    init(_ stored: [[UInt8]], textCount: Int) throws {
        guard let first = stored.first else { throw DamagedBytes("texts without a directory") }
        let directory = try TextDirectory(first, textCount: textCount)
        let poolStart = directory.number(ofPool: 0)
        guard stored.count >= poolStart else { throw DamagedBytes("blocks of texts are missing") }
        self.directory = directory
        self.textCount = textCount
        blocks = try directory.textEnds.indices.map {
            try TextBlock(stored[directory.number(ofPieces: $0)], $0, in: directory)
        }
        pool = Array(stored[poolStart...].joined())
        guard pool.count == directory.poolBytes else {
            throw DamagedBytes("a pool of \(pool.count) bytes, not \(directory.poolBytes)")
        }
    }

    /// The texts written out.
    func expanded() throws -> StringTable {
        var table = StringTable()
        table.ends = try ends()
        let count = Int(table.ends.last ?? 0)
        table.bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let target = UnsafeMutableRawBufferPointer(buffer)
            pool.withUnsafeBytes { pool in
                forEachPiece { piece in
                    target[initialized..<initialized + piece.count].copyBytes(from: pool[piece])
                    initialized += piece.count
                }
            }
        }
        return table
    }

    private func ends() throws -> [UInt32] {
        var ends: [UInt32] = []
        ends.reserveCapacity(textCount)
        var end = 0
        for block in blocks {
            block.read { reader in
                for _ in 0..<block.textCount {
                    let count = reader.passageCount()
                    end += reader.ownPiece().count
                    for _ in 0..<count {
                        end += Int(directory.passages.lengths[reader.passage()])
                        end += reader.ownPiece().count
                    }
                    ends.append(UInt32(clamping: end))
                }
            }
        }
        guard end <= Int(UInt32.max) else { throw DamagedBytes("texts of \(end) bytes") }
        return ends
    }

    @inline(__always)
    private func forEachPiece(_ body: (Range<Int>) -> Void) {
        for block in blocks {
            block.read { reader in
                for _ in 0..<block.textCount {
                    let count = reader.passageCount()
                    body(reader.ownPiece())
                    for _ in 0..<count {
                        body(directory.passages.range(reader.passage()))
                        body(reader.ownPiece())
                    }
                }
            }
        }
    }
}
