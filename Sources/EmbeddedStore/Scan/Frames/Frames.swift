internal import Spans
internal import Store
internal import Synchronization

/// Divides a snapshot into frames, so that each trace lies whole in one of them.
///
/// Large segments, closed groups of small ones, and each small one of the open group are frames of their own, but for the
/// traces of which others have spans too: these are gathered into one more. So what a commit adds is looked at by itself.
struct Frames: Sendable {
    private let segments: [SegmentFrame]
    private let groups: [GroupFrame]
    /// Rows of traces that lie in several of these.
    private let loose: [LooseFrame]

    private init(_ snapshot: Snapshot) throws {
        // The first question after a start reads the trace ids of all segments for this.
        let large = try Scanner.parallel(snapshot.large) { view in
            let part = try snapshot.parts.large(view)
            let frame = SegmentFrame(
                view.segment, traceEnds: try view.segment.traceEnds(), skipped: part?.skipped)
            return (frame, part?.rows)
        }
        segments = large.map { $0.0 }
        var loose = large.compactMap { $0.1 }
        var straddling: Set<UInt64> = []
        for view in snapshot.large { straddling.formUnion(view.shared) }
        let parts = try Self.grouped(snapshot.small).map { try snapshot.parts.group($0) }
        for (index, part) in parts.enumerated() {
            for earlier in parts[..<index] { straddling.formUnion(part.shared(with: earlier)) }
        }
        groups = try parts.map { part in
            let apart = try part.apart(straddling)
            if let apart { loose.append(apart.rows) }
            return GroupFrame(part, skipped: apart?.skipped)
        }
        self.loose = loose
    }

    /// The small segments by group; those of the last group each by itself, since the next commit may add to it.
    private static func grouped(_ small: [SegmentView]) -> [[SegmentView]] {
        var groups: [[SegmentView]] = []
        for view in small {
            if view.group == small.last?.group || groups.last?.first?.group != view.group {
                groups.append([view])
            } else {
                groups[groups.count - 1].append(view)
            }
        }
        return groups
    }

    /// The frames in which units of a range may lie.
    static func of(_ snapshot: Snapshot, range: TimeRange) throws -> [any Frame] {
        let frames = try snapshot.frames.divided { try Frames(snapshot) }
        var result: [any Frame] = frames.segments.filter {
            range.overlaps($0.startMin, $0.startMax)
        }
        result += frames.groups.filter { range.overlaps($0.startMin, $0.startMax) }
        if !frames.loose.isEmpty {
            result.append(
                try snapshot.frames.loose(spans: frames.loose.reduce(0) { $0 + $1.spanCount }) {
                    try LooseFrame(frames.loose.map { ($0, nil) }, nil)
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
