internal import Spans

/// A large segment's columns as bytes, each by itself, so that a query reads only those it names.
enum MergedEncoding {
    /// Texts a block: reading one prompt inflates this much at most, beyond its own length.
    static let textBlockBytes = 64 << 10
    /// zlib's own middle. What each level costs and gives: docs/PERFORMANCE.md.
    private static let level: Int32 = 6

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
            sorted: !isTraceID, to: &payload)
        return MergedColumn(
            key: column.key, present: column.presence.count,
            distinct: column.key.type.isCoded ? column.valueCount : nil,
            range: NumberRange(column), data: try SealedBytes(payload, level: level),
            textBlocks: try texts.map(blocks) ?? [])
    }

    private static func blocks(_ texts: StringTable) throws -> [SealedBytes] {
        try blockRanges(texts.ends).map { range in
            let from = texts.start(of: range.lowerBound)
            let to = Int(texts.ends[range.upperBound - 1])
            return try SealedBytes(Array(texts.bytes[from..<to]), level: level)
        }
    }

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
