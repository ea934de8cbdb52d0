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
                forEachText { reader in
                    reader.forEachPiece(directory.passages) { piece in
                        target[initialized..<initialized + piece.count].copyBytes(from: pool[piece])
                        initialized += piece.count
                    }
                }
            }
        }
        return table
    }

    private func ends() throws -> [UInt32] {
        var ends: [UInt32] = []
        ends.reserveCapacity(textCount)
        var end = 0
        forEachText { reader in
            reader.forEachPiece(directory.passages) { end += $0.count }
            ends.append(UInt32(clamping: end))
        }
        guard end <= Int(UInt32.max) else { throw DamagedBytes("texts of \(end) bytes") }
        return ends
    }

    /// Writes some texts out, one after the other.
    ///
    /// - Parameter wanted: for each text whether it is; nil for all.
    func forEach(
        _ wanted: [Bool]?,
        _ body: (_ text: Int, _ bytes: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var text = 0
        var bytes: [UInt8] = []
        try pool.withUnsafeBytes { pool in
            try forEachText { reader in
                let isWanted = wanted?[text] ?? true
                bytes.removeAll(keepingCapacity: true)
                reader.forEachPiece(directory.passages) { piece in
                    if isWanted {
                        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: pool[piece]))
                    }
                }
                if isWanted { try bytes.withUnsafeBytes { try body(text, $0) } }
                text += 1
            }
        }
    }

    /// Calls `body` with a reader before each text, which it reads to its end.
    @inline(__always)
    func forEachText(_ body: (inout TextBlock.Reader) throws -> Void) rethrows {
        for block in blocks {
            try block.read { reader in
                for _ in 0..<block.textCount { try body(&reader) }
            }
        }
    }
}
