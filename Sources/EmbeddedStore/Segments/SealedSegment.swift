internal import Spans
internal import Zlib

/// A small segment, ready to be committed.
struct SealedSegment: Sendable {
    let record: SegmentRecord
    let body: [UInt8]
}

/// A column of a large segment, ready to be written.
struct MergedColumn: Sendable {
    let key: ColumnKey
    let present: Int
    /// Distinct values of coded types.
    let distinct: Int?
    /// Least and greatest of numeric types that have any value.
    let range: NumberRange?
    let data: SealedBytes
    /// Of long texts: the blocks that `TextPoolCodec` makes of them.
    let textBlocks: [SealedBytes]
    /// The column and its texts, written out.
    let rawBytes: Int
}

extension SegmentRecord {
    /// What is to be said of `data` before it is stored.
    init(_ data: SegmentData, received: ClosedRange<Int64>, isPacked: Bool) {
        let starts = data.numbers(SpanField.start)
        spans = data.spanCount
        traces = data.field(SpanField.traceID)?.valueCount ?? 0
        startMin = starts.min().map(clamped) ?? 0
        startMax = starts.max().map(clamped) ?? 0
        receivedMin = received.lowerBound
        receivedMax = received.upperBound
        isOrdered = !data.traceEnds.isEmpty
        rowCounts = data.rowCounts
        self.isPacked = isPacked
    }
}

/// A time as SQLite and queries hold it: signed, so that what lies beyond 2262 counts as 2262.
func clamped(_ time: UInt64) -> Int64 { Int64(clamping: time) }
