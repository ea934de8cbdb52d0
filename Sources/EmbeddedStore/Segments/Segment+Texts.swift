internal import Spans

/// The long texts of a large segment, which lie apart from their columns: all of a column, or one by itself.
extension Segment {
    /// Reads the texts that a column lacks.
    func fill(_ column: inout ColumnData, _ record: ColumnRecord) throws {
        switch column.texts {
        case .here: return
        case .apart:
            column.strings.bytes = Array(try partition.textBlocks(of: record).joined())
            guard column.strings.bytes.count == Int(column.strings.ends.last ?? 0) else {
                throw DamagedBytes("texts of another length than their column says")
            }
        case .pooled:
            let texts = try PooledTexts(
                partition.textBlocks(of: record), textCount: column.strings.count)
            column.strings = try texts.expanded()
        }
        column.texts = .here
    }

    /// The texts of a column as they lie in their pool; nil if they are not in one.
    func pooledTexts(_ key: ColumnKey) throws -> PooledTexts? {
        guard let record = columns[key], let column = try column(key, withTexts: false),
            column.texts == .pooled
        else { return nil }
        return try reading {
            try derived("texts \(record.id)") {
                try PooledTexts(partition.textBlocks(of: record), textCount: column.strings.count)
            }
        }
    }

    /// One long text, reading no more than the blocks that it is in.
    func text(_ key: ColumnKey, code: Int, of column: ColumnData) throws -> [UInt8] {
        guard let record = columns[key] else { return [] }
        return try reading {
            column.texts == .pooled
                ? try pooledText(record, code, of: column.strings.count)
                : try plainText(record, code, of: column.strings)
        }
    }

    private func plainText(
        _ record: ColumnRecord, _ code: Int, of strings: StringTable
    ) throws -> [UInt8] {
        let ranges = PlainTextBlocks.blockRanges(strings.ends)
        guard let number = ranges.firstIndex(where: { $0.contains(code) }) else { return [] }
        let block = try textBlock(record, number)
        let blockStart = strings.start(of: ranges[number].lowerBound)
        let from = strings.start(of: code) - blockStart
        let to = Int(strings.ends[code]) - blockStart
        guard to <= block.count else { throw DamagedBytes("text block \(number) ends early") }
        return Array(block[from..<to])
    }

    private func pooledText(
        _ record: ColumnRecord, _ code: Int, of textCount: Int
    ) throws -> [UInt8] {
        let directory = try derived("directory of text \(record.id)") {
            try TextDirectory(textBlock(record, 0), textCount: textCount)
        }
        guard let place = directory.place(of: code) else { return [] }
        let block = try derived("pieces \(place.block) of text \(record.id)") {
            let number = directory.number(ofPieces: place.block)
            return try TextBlock(textBlock(record, number), place.block, in: directory)
        }
        var text: [UInt8] = []
        for piece in block.pieces(of: place.index, directory.passages) {
            try append(piece, record, directory, to: &text)
        }
        return text
    }

    /// Appends a run of the pool. Blocks of the pool stay warm: templates lie in the first ones.
    private func append(
        _ run: Range<Int>, _ record: ColumnRecord, _ directory: TextDirectory,
        to text: inout [UInt8]
    ) throws {
        var start = run.lowerBound
        while start < run.upperBound {
            let number = start / TextPoolCodec.poolBlockBytes
            let range = TextPoolCodec.poolRange(number, of: directory.poolBytes)
            let block = try derived("pool \(number) of text \(record.id)") {
                PoolBlock(bytes: try textBlock(record, directory.number(ofPool: number)))
            }.bytes
            guard block.count == range.count else {
                throw DamagedBytes("a block of a pool of \(block.count) bytes")
            }
            let end = min(run.upperBound, range.upperBound)
            text += block[start - range.lowerBound..<end - range.lowerBound]
            start = end
        }
    }

    private func textBlock(_ record: ColumnRecord, _ number: Int) throws -> [UInt8] {
        guard let block = try partition.textBlocks(of: record, number: number).first else {
            throw DamagedBytes("text block \(number) of \(record.key.name) is missing")
        }
        return block
    }
}

private struct PoolBlock: MemorySized {
    let bytes: [UInt8]
    var byteCount: Int { bytes.count }
}
