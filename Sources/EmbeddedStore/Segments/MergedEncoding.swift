internal import Spans

/// A large segment's columns as bytes, each by itself, so that a query reads only those it names.
enum MergedEncoding {
    /// What each of zlib's levels costs and gives: docs/PERFORMANCE.md.
    private static let level: Int32 = 4
    private static let textLevel: Int32 = 4

    /// - Parameters:
    ///   - rowCount: of the column's table.
    ///   - traceEnds: where each trace of the segment ends.
    static func encode(
        _ column: ColumnData, rowCount: Int, traceEnds: [UInt32]
    ) throws -> MergedColumn {
        var payload: [UInt8] = []
        let isTraceID = column.key == .traceID
        let texts = ColumnCodec.append(
            column, rowCount: rowCount,
            // The trace ids say where traces end, so they cannot lean on it.
            traceEnds: column.key.table == .span && !isTraceID ? traceEnds : [],
            sorted: !isTraceID, pooled: true, to: &payload)
        return MergedColumn(
            key: column.key, present: column.presence.count,
            distinct: column.key.type.isCoded ? column.valueCount : nil,
            range: NumberRange(column), data: try SealedBytes(payload, level: level),
            textBlocks: try texts.map(blocks) ?? [],
            rawBytes: payload.count + (texts?.bytes.count ?? 0))
    }

    private static func blocks(_ texts: StringTable) throws -> [SealedBytes] {
        var builder = TextPoolBuilder()
        for text in 0..<texts.count { texts.withValue(text) { builder.append($0) } }
        return try TextPoolCodec.encode(builder).map { try SealedBytes($0, level: textLevel) }
    }
}

/// Texts of segments of format 1: one after the other, in blocks.
enum PlainTextBlocks {
    private static let textBlockBytes = 64 << 10

    /// Which codes lie in which block: a block ends with the text that fills it.
    static func blockRanges(_ ends: [UInt32]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var first = 0
        var start = 0
        for code in ends.indices where Int(ends[code]) - start >= textBlockBytes {
            ranges.append(first..<code + 1)
            first = code + 1
            start = Int(ends[code])
        }
        if first < ends.count { ranges.append(first..<ends.count) }
        return ranges
    }
}
