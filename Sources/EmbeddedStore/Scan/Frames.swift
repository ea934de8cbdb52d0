internal import Spans
internal import Store
internal import Synchronization

/// Divides a snapshot into frames, so that each trace lies whole in one of them.
///
/// Large segments and closed groups of small ones are frames of their own, but for the traces of which others have
/// spans too. These traces, and the newest small segments, are gathered into one more.
struct Frames: Sendable {
    private let segments: [SegmentFrame]
    private let groups: [GroupFrame]
    private let looseSources: [(columns: any ColumnSource, excluded: RowSet?)]
    private let looseSpans: Int

    private init(_ snapshot: Snapshot) throws {
        var segments: [SegmentFrame] = []
        var loose = LooseRows()
        var straddling: Set<UInt64> = []
        for view in snapshot.large {
            let part = try snapshot.parts.large(view)
            if let part { loose.add(part.rows, nil, part.rows.spanCount) }
            straddling.formUnion(view.shared)
            segments.append(
                SegmentFrame(
                    view.segment, traceEnds: try view.segment.traceEnds(), skipped: part?.skipped))
        }
        let (closed, open) = Self.grouped(snapshot.small)
        let parts = try closed.map { try snapshot.parts.group($0[0].group, $0) }
        Self.findStraddling(parts, open, &straddling)
        for view in open { loose.add(view.segment, view.deleted, view.liveSpans) }
        groups = parts.map { part in
            var skipped: [Bool]?
            for hash in straddling {
                guard let trace = part.traces[hash] else { continue }
                if skipped == nil {
                    skipped = [Bool](repeating: false, count: part.frame.traceCount)
                }
                skipped?[Int(trace)] = true
            }
            if let skipped {
                let excluded = LooseParts.rows(of: part.frame.traceEnds, but: skipped, nil)
                loose.add(part.frame, excluded, part.frame.spanCount - excluded.count)
            }
            return GroupFrame(part, skipped: skipped)
        }
        self.segments = segments
        looseSources = loose.sources
        looseSpans = loose.spans
    }

    private struct LooseRows {
        var sources: [(columns: any ColumnSource, excluded: RowSet?)] = []
        var spans = 0

        mutating func add(_ columns: any ColumnSource, _ excluded: RowSet?, _ count: Int) {
            sources.append((columns, excluded))
            spans += count
        }
    }

    /// The small segments by group; those of the last group are open, since the next commit may add to it.
    private static func grouped(
        _ small: [SegmentView]
    ) -> (closed: [[SegmentView]], open: [SegmentView]) {
        var groups: [[SegmentView]] = []
        for view in small {
            if groups.last?.first?.group == view.group {
                groups[groups.count - 1].append(view)
            } else {
                groups.append([view])
            }
        }
        let open = groups.popLast() ?? []
        return (groups, open)
    }

    /// Adds the traces that lie in several groups, or in one and the open segments.
    private static func findStraddling(
        _ parts: [LooseParts.Group], _ open: [SegmentView], _ straddling: inout Set<UInt64>
    ) {
        for view in open {
            for hash in view.traces where parts.contains(where: { $0.traces[hash] != nil }) {
                straddling.insert(hash)
            }
        }
        for (index, part) in parts.enumerated() {
            for earlier in parts[..<index] {
                straddling.formUnion(part.shared(with: earlier))
            }
        }
    }

    /// The frames in which units of a range may lie.
    static func of(_ snapshot: Snapshot, range: TimeRange) throws -> [any Frame] {
        let frames = try snapshot.frames.divided { try Frames(snapshot) }
        var result: [any Frame] = frames.segments.filter {
            range.overlaps($0.startMin, $0.startMax)
        }
        result += frames.groups.filter { range.overlaps($0.startMin, $0.startMax) }
        if !frames.looseSources.isEmpty {
            result.append(
                try snapshot.frames.loose(spans: frames.looseSpans) {
                    try LooseFrame(frames.looseSources, nil)
                })
        }
        return result
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
