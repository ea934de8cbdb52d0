internal import Spans

/// A filter over the traces of many large segments of one partition. What it rules out need not be asked of any of them.
///
/// Each commit must know which of its traces have spans in merged segments, of whatever day. Filters of segments alone are
/// hundreds at a hundred million spans, each asked for every trace and passed by 1 of 200 strangers, which only that
/// segment's trace ids can tell from its own.
///
/// Segments that have gone since it was made cost nothing but bits, and those that came since are asked themselves.
struct PartitionFilter: Sendable {
    /// Twice the bits of a segment's own: what passes is asked of all its segments, and one in 200 passes there.
    private static let bitsPerTrace = 24
    /// Three bytes for each stay in memory. A partition of more keeps the filter that it has.
    private static let tracesMax = 1 << 24

    let traces: TraceFilter
    /// By the number of a segment the checksum of its own filter, which tells whether it is the same as then: were a number
    /// given twice, as damage to SQLite's own table of them could do, traces of the new segment would be ruled out.
    let segments: [Int64: UInt32]

    init(traces: TraceFilter, segments: [Int64: UInt32]) {
        self.traces = traces
        self.segments = segments
    }

    /// Of all traces of some segments. Reads their trace ids.
    ///
    /// - Throws: `DamagedSegment`.
    init(_ segments: [Segment]) throws {
        var traces = TraceFilter(
            traces: Self.traceCount(segments), bitsPerTrace: Self.bitsPerTrace)
        var known: [Int64: UInt32] = [:]
        for segment in segments {
            let ids = try Self.traceIDs(of: segment)
            for code in 0..<ids.count {
                traces.insert(ids.withValue(code) { TraceFilter.hash($0) })
            }
            known[segment.id] = segment.filterChecksum
        }
        self.init(traces: traces, segments: known)
    }

    private static func traceIDs(of segment: Segment) throws -> StringTable {
        try segment.reading {
            // Past the warm columns, so that it does not push out what queries use.
            guard let ids = try segment.cold(.traceID) else {
                throw DamagedBytes("it has no trace ids")
            }
            return ids.strings
        }
    }

    private static func traceCount(_ segments: [Segment]) -> Int {
        segments.reduce(0) { $0 + $1.record.traces }
    }

    /// Whether it knows all traces of a segment of its partition.
    func covers(_ segment: Segment) -> Bool {
        segment.filterChecksum.map { segments[segment.id] == $0 } ?? false
    }

    /// Whether segments have come, or gone, that make a new one worth its while. Making it costs as much for each segment,
    /// so the more it knows, the more are awaited.
    ///
    /// - Parameters:
    ///   - current: what there is.
    ///   - large: the large segments of the partition that have filters of their own.
    ///   - segmentsMin: fewer are asked one by one.
    ///   - idle: no commit came for a while.
    static func isDue(
        _ current: PartitionFilter?, _ large: [Segment], segmentsMin: Int, idle: Bool
    ) -> Bool {
        if large.count < segmentsMin || traceCount(large) > tracesMax { return false }
        let covered = current.map { filter in large.count { filter.covers($0) } } ?? 0
        let unknown = large.count - covered
        if unknown == 0 { return (current?.segments.count ?? 0) > covered * 2 }
        return idle
            ? unknown > covered / 8
            : unknown >= max(segmentsMin * 2, covered / 2)
    }
}
