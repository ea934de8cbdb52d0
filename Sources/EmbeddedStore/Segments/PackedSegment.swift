internal import Spans
internal import Zlib

/// A small segment as one blob: a directory, the columns, and the long texts.
///
/// This is what a commit writes: two fast compressions instead of one for each of some forty columns.
/// `docs/STORAGE.md` has the layout.
enum PackedSegment {
    /// Fast: the merge compresses again, and better.
    private static let level: Int32 = 1

    static func encode(_ data: SegmentData) throws -> [UInt8] {
        var directory: [UInt8] = []
        var columns: [UInt8] = []
        var texts: [UInt8] = []
        for count in data.rowCounts { directory.appendVarint(count) }
        directory.appendVarint(data.columns.count)
        for key in data.columns.keys.sorted(by: ColumnKey.inStorageOrder) {
            guard let column = data.columns[key] else { continue }
            let start = columns.count
            let apart = ColumnCodec.append(
                column, rowCount: data.rowCount(key.table), traceEnds: [], sorted: false,
                to: &columns)
            directory.append(key.table.rawValue)
            directory.append(key.origin.rawValue)
            directory.append(key.type.rawValue)
            let name = Array(key.name.utf8)
            directory.appendVarint(name.count)
            directory.append(contentsOf: name)
            directory.appendVarint(columns.count - start)
            directory.appendVarint(apart?.bytes.count ?? 0)
            if let apart { texts.append(contentsOf: apart.bytes) }
        }
        var body: [UInt8] = []
        body.appendVarint(directory.count)
        body.append(contentsOf: directory)
        try appendStream(columns, to: &body)
        try appendStream(texts, to: &body)
        return body
    }

    private static func appendStream(_ bytes: [UInt8], to body: inout [UInt8]) throws {
        let packed = try deflate(bytes, level: level, format: .zlib)
        body.appendVarint(bytes.count)
        body.appendVarint(packed.count)
        body.append(contentsOf: packed)
    }

    /// Reads a segment, or only some columns of it.
    ///
    /// - Parameters:
    ///   - wanted: which columns to decode; nil for all.
    ///   - withTexts: whether to inflate long texts too; without, such columns have lengths only.
    static func decode(
        _ body: UnsafeRawBufferPointer, wanted: ((ColumnKey) -> Bool)? = nil, withTexts: Bool
    ) throws -> SegmentData {
        var reader = ByteReader(body)
        var directory = ByteReader(try reader.take(reader.count(atMost: body.count)))
        let columnBytes = try stream(&reader)
        let textBytes = withTexts ? try stream(&reader) : []
        var counts: [Int] = []
        for _ in Table.allCases { counts.append(try directory.count(atMost: rowsMax)) }
        var data = SegmentData(rowCounts: counts)
        let columnCount = try directory.count(atMost: directory.remaining)
        try columnBytes.withUnsafeBytes { bytes in
            var columns = ByteReader(bytes)
            var textStart = 0
            for _ in 0..<columnCount {
                let entry = try Entry(&directory)
                let payload = try columns.take(entry.length)
                defer { textStart += entry.textLength }
                if let wanted, !wanted(entry.key) { continue }
                var payloadReader = ByteReader(payload)
                var (column, isApart) = try ColumnCodec.read(
                    &payloadReader, key: entry.key, rowCount: data.rowCount(entry.key.table),
                    traceEnds: [])
                if isApart, withTexts {
                    guard Int(column.strings.ends.last ?? 0) == entry.textLength,
                        textStart + entry.textLength <= textBytes.count
                    else { throw DamagedBytes("texts end early") }
                    column.strings.bytes = Array(
                        textBytes[textStart..<textStart + entry.textLength])
                }
                data.columns[entry.key] = column
            }
        }
        return data
    }

    private struct Entry {
        let key: ColumnKey
        let length: Int
        let textLength: Int

        init(_ reader: inout ByteReader) throws(DamagedBytes) {
            let table = Table(rawValue: try reader.byte())
            let origin = ColumnOrigin(rawValue: try reader.byte())
            let type = ValueType(rawValue: try reader.byte())
            guard let table, let origin, let type else { throw DamagedBytes("unknown column") }
            let name = try reader.take(reader.count(atMost: reader.remaining))
            key = ColumnKey(table, origin, String(decoding: name, as: UTF8.self), type)
            length = try reader.count(atMost: streamBytesMax)
            textLength = try reader.count(atMost: streamBytesMax)
        }
    }

    private static func stream(_ reader: inout ByteReader) throws -> [UInt8] {
        let count = try reader.count(atMost: streamBytesMax)
        let packed = try reader.take(reader.count(atMost: reader.remaining))
        return try inflate(packed, exactly: count)
    }

    /// No stream of ours is larger; a larger length is damage, not a reason to allocate.
    private static let streamBytesMax = 1 << 32
    private static let rowsMax = 1 << 28
}

extension ColumnKey {
    /// A fixed order, so that equal spans give equal bytes.
    static func inStorageOrder(_ a: ColumnKey, _ b: ColumnKey) -> Bool {
        (a.table.rawValue, a.origin.rawValue, a.name, a.type.rawValue)
            < (b.table.rawValue, b.origin.rawValue, b.name, b.type.rawValue)
    }
}
