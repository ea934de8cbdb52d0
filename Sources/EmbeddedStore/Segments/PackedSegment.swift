internal import Spans
internal import Zlib

/// A small segment as one blob: a directory, the columns, and the long texts.
///
/// This is what a commit writes: its columns in one stream that is not compressed, and one that is for each column of long
/// texts. `docs/STORAGE.md` has the layout.
struct PackedSegment {
    /// Fast: the merge compresses again, and better. One thread does this for all who send.
    private static let textLevel: Int32 = 1
    /// Stored as they are: a quarter could be saved, for more CPU than writing that quarter takes.
    private static let columnLevel: Int32 = 0

    /// Rows of each table, in the order of `Table`.
    let rowCounts: [Int]
    private let entries: [ColumnKey: Entry]
    /// All columns, inflated.
    private let columns: [UInt8]
    /// As stored.
    private let texts: [UInt8]

    private struct Entry {
        let range: Range<Int>
        /// Where the column's compressed texts lie, counted from the first.
        let texts: Range<Int>
        let textCount: Int
    }

    var keys: Set<ColumnKey> { Set(entries.keys) }

    /// The memory that it holds, roughly.
    var byteCount: Int { columns.count + texts.count + entries.count * 150 }

    // MARK: Writing

    /// - Returns: the blob, and the bytes of columns and texts before compression.
    static func encode(_ data: SegmentData) throws -> (body: [UInt8], rawBytes: Int) {
        var directory: [UInt8] = []
        var columns: [UInt8] = []
        var texts: [UInt8] = []
        var rawTextBytes = 0
        for count in data.rowCounts { directory.appendVarint(count) }
        directory.appendVarint(data.columns.count)
        for key in data.columns.keys.sorted(by: ColumnKey.inStorageOrder) {
            guard let column = data.columns[key] else { continue }
            let start = columns.count
            let apart = ColumnCodec.append(
                column, rowCount: data.rowCount(key.table), traceEnds: [], sorted: false,
                to: &columns)
            let packed =
                try apart.map { try deflate($0.bytes, level: textLevel, format: .zlib) } ?? []
            directory.append(key.table.rawValue)
            directory.append(key.origin.rawValue)
            directory.append(key.type.rawValue)
            let name = Array(key.name.utf8)
            directory.appendVarint(name.count)
            directory.append(contentsOf: name)
            directory.appendVarint(columns.count - start)
            directory.appendVarint(apart?.bytes.count ?? 0)
            directory.appendVarint(packed.count)
            texts.append(contentsOf: packed)
            rawTextBytes += apart?.bytes.count ?? 0
        }
        let packed = try deflate(columns, level: columnLevel, format: .zlib)
        var body: [UInt8] = []
        body.appendVarint(directory.count)
        body.append(contentsOf: directory)
        body.appendVarint(columns.count)
        body.appendVarint(packed.count)
        body.append(contentsOf: packed)
        body.append(contentsOf: texts)
        return (body, columns.count + rawTextBytes)
    }

    // MARK: Reading

    /// Reads the directory and inflates the columns, but not their texts.
    init(_ body: [UInt8]) throws {
        var counts: [Int] = []
        var entries: [ColumnKey: Entry] = [:]
        (columns, texts) = try body.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            var directory = ByteReader(try reader.take(reader.count(atMost: bytes.count)))
            for _ in Table.allCases { counts.append(try directory.count(atMost: Self.rowsMax)) }
            var start = 0
            var textStart = 0
            for _ in 0..<(try directory.count(atMost: directory.remaining)) {
                let key = try ColumnKey(&directory)
                let length = try directory.count(atMost: Self.streamBytesMax)
                let textCount = try directory.count(atMost: Self.streamBytesMax)
                let textLength = try directory.count(atMost: bytes.count)
                entries[key] = Entry(
                    range: start..<start + length, texts: textStart..<textStart + textLength,
                    textCount: textCount)
                start += length
                textStart += textLength
            }
            let count = try reader.count(atMost: Self.streamBytesMax)
            let packed = try reader.take(reader.count(atMost: reader.remaining))
            guard count == start, reader.remaining == textStart else {
                throw DamagedBytes("a packed segment's parts do not add up")
            }
            return (try inflate(packed, exactly: count), Array(try reader.take(textStart)))
        }
        rowCounts = counts
        self.entries = entries
    }

    /// One column; nil if the segment has no such column. Without its texts a column of long texts has
    /// their lengths only.
    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        guard let entry = entries[key] else { return nil }
        var column = try columns.withUnsafeBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
            return try ColumnCodec.read(
                &reader, key: key, rowCount: rowCounts[Int(key.table.rawValue)], traceEnds: [])
        }
        if column.texts == .apart, withTexts {
            guard Int(column.strings.ends.last ?? 0) == entry.textCount else {
                throw DamagedBytes("texts of another length than their column says")
            }
            column.strings.bytes = try texts.withUnsafeBytes {
                try inflate(
                    UnsafeRawBufferPointer(rebasing: $0[entry.texts]), exactly: entry.textCount)
            }
            column.texts = .here
        }
        return column
    }

    /// The wanted columns.
    func data(withTexts: Bool, _ wanted: (ColumnKey) -> Bool = { _ in true }) throws -> SegmentData
    {
        var data = SegmentData(rowCounts: rowCounts)
        for key in entries.keys where wanted(key) {
            data.columns[key] = try column(key, withTexts: withTexts)
        }
        return data
    }

    /// No stream of ours is larger; a larger length is damage, not a reason to allocate.
    private static let streamBytesMax = 1 << 32
    private static let rowsMax = 1 << 28
}

extension ColumnKey {
    fileprivate init(_ reader: inout ByteReader) throws(DamagedBytes) {
        let table = Table(rawValue: try reader.byte())
        let origin = ColumnOrigin(rawValue: try reader.byte())
        let type = ValueType(rawValue: try reader.byte())
        guard let table, let origin, let type else { throw DamagedBytes("unknown column") }
        let name = try reader.take(reader.count(atMost: reader.remaining))
        self.init(table, origin, String(decoding: name, as: UTF8.self), type)
    }

    /// A fixed order, so that equal spans give equal bytes.
    static func inStorageOrder(_ a: ColumnKey, _ b: ColumnKey) -> Bool {
        (a.table.rawValue, a.origin.rawValue, a.name, a.type.rawValue)
            < (b.table.rawValue, b.origin.rawValue, b.name, b.type.rawValue)
    }
}
