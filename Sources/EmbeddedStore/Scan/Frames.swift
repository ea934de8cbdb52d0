internal import Spans
internal import Store
internal import Synchronization

/// Divides a snapshot into frames, so that each trace lies whole in one of them.
struct Frames: Sendable {
    private let segments: [SegmentFrame]
    private let looseSources: [(columns: any ColumnSource, excluded: RowSet?)]
    private let looseSpans: Int

    private init(_ snapshot: Snapshot) throws {
        var segments: [SegmentFrame] = []
        var loose: [(columns: any ColumnSource, excluded: RowSet?)] = []
        var spans = 0
        for view in snapshot.small {
            loose.append((view.segment, view.deleted))
            spans += view.liveSpans
        }
        for view in snapshot.large {
            let segment = view.segment
            let ends = try segment.traceEnds()
            let skipped = try Self.skippedTraces(view, ends)
            if let skipped {
                let excluded = Self.excluded(view, ends, skipped)
                spans += segment.record.spans - excluded.count
                loose.append((segment, excluded))
            }
            segments.append(SegmentFrame(segment, traceEnds: ends, skipped: skipped))
        }
        self.segments = segments
        looseSources = loose
        looseSpans = spans
    }

    /// The frames in which units of a range may lie.
    static func of(_ snapshot: Snapshot, range: TimeRange) throws -> [any Frame] {
        let frames = try snapshot.frames.divided { try Frames(snapshot) }
        var result: [any Frame] = frames.segments.filter {
            range.overlaps($0.startMin, $0.startMax)
        }
        if !frames.looseSources.isEmpty {
            result.append(
                try snapshot.frames.loose(spans: frames.looseSpans) {
                    try LooseFrame(frames.looseSources)
                })
        }
        return result
    }

    /// The traces of a large segment that lie loose: those that others share, and those with deleted
    /// rows.
    private static func skippedTraces(_ view: SegmentView, _ ends: [UInt32]) throws -> [Bool]? {
        if view.shared.isEmpty, view.deleted == nil { return nil }
        var skipped = [Bool](repeating: false, count: ends.count)
        if !view.shared.isEmpty {
            let table = try view.segment.traceTable()
            for hash in view.shared {
                if let trace = table.trace(hash) { skipped[trace] = true }
            }
        }
        if let deleted = view.deleted {
            var start = 0
            for trace in ends.indices {
                for row in start..<Int(ends[trace]) where deleted.contains(row) {
                    skipped[trace] = true
                }
                start = Int(ends[trace])
            }
        }
        return skipped
    }

    /// The rows of a large segment that the loose frame must not take.
    private static func excluded(
        _ view: SegmentView, _ ends: [UInt32], _ skipped: [Bool]
    ) -> RowSet {
        var rows = view.deleted ?? RowSet(rowCount: view.segment.record.spans)
        var start = 0
        for trace in ends.indices {
            if !skipped[trace] {
                for row in start..<Int(ends[trace]) { rows.insert(row) }
            }
            start = Int(ends[trace])
        }
        return rows
    }
}

/// How one snapshot is divided, kept for its next query; the loose frame too if it is small.
///
/// Nothing of an answer is kept: only which rows belong together, until the next commit.
final class FrameCache: Sendable {
    /// More loose spans than this are gathered anew by each query, so that they do not fill the memory.
    private static let looseSpansMax = 128 << 10

    private let division = Mutex<Frames?>(nil)
    private let looseFrame = Mutex<LooseFrame?>(nil)

    func divided(_ make: () throws -> Frames) throws -> Frames {
        if let known = division.withLock({ $0 }) { return known }
        let made = try make()
        division.withLock { $0 = made }
        return made
    }

    func loose(spans: Int, _ make: () throws -> LooseFrame) throws -> LooseFrame {
        if let known = looseFrame.withLock({ $0 }) { return known }
        let frame = try make()
        if spans <= Self.looseSpansMax { looseFrame.withLock { $0 = frame } }
        return frame
    }
}
