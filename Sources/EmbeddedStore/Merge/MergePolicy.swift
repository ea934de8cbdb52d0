/// Chooses which segments of a partition to merge; doing it is `Merge`'s.
///
/// Small segments are merged into large ones of up to `spansMax` spans. While spans keep coming, enough
/// of them are awaited to fill one; when they pause, or many small segments gather, what is there is
/// merged, together with large segments that are not full. Each step takes segments of like size, so a
/// span is written again a number of times that grows with the logarithm of its partition only.
struct MergePolicy: Sendable {
    var isEnabled = true
    /// Spans a large segment. More would scan no faster and take more memory to merge.
    var spansMax = 256 << 10
    /// Bytes of columns and texts that a merge may hold, so that large prompts do not fill the memory.
    var rawBytesMax = 256 << 20
    /// So many small segments make scans slow, whatever their size: each group of eight is a frame of its own.
    var smallSegmentsMax = 256
    /// While more spans than this wait to be merged, commits wait too: each takes some fifty bytes of memory until then.
    var backlogSpansMax = 1 << 20
    /// A large segment of which less is left than this share is written anew.
    var liveShareMin = 0.5
    /// Smaller segments are not counted.
    var countedSpansMin = 4096
    /// Fewer large segments of a partition have no filter in common (`PartitionFilter`).
    var filteredSegmentsMin = 4
    /// After so long without a commit what is there is merged.
    var idleSeconds = 2.0

    /// Whether so much waits that merging must get on wherever it can: of many days each may wait for too little to be due.
    func isUrgent(_ backlog: Int) -> Bool { backlog > backlogSpansMax / 4 * 3 }

    /// The segments of one partition to merge now, or nil.
    ///
    /// - Parameters:
    ///   - idle: no commit came for a while.
    ///   - isUrgent: what is there is merged, however little it is.
    func choose(
        small: [SegmentView], large: [SegmentView], idle: Bool, isUrgent: Bool = false
    ) -> [SegmentView]? {
        if !isEnabled { return nil }
        let waiting = small.reduce(0) { $0 + $1.liveSpans }
        let waitingBytes = small.reduce(0) { $0 + $1.segment.record.rawBytes }
        let isDue =
            waiting >= spansMax || waitingBytes >= rawBytesMax || small.count >= smallSegmentsMax
        guard isDue || ((idle || isUrgent) && !small.isEmpty) else {
            return idle ? chooseLarge(large) : nil
        }
        var chosen: [SegmentView] = []
        var spans = 0
        var rawBytes = 0
        for view in small.sorted(by: { $0.segment.record.startMin < $1.segment.record.startMin }) {
            let bytes = rawBytes + view.segment.record.rawBytes
            if spans > 0, spans + view.liveSpans > spansMax || bytes > rawBytesMax { break }
            chosen.append(view)
            spans += view.liveSpans
            rawBytes = bytes
        }
        return chosen + companions(for: spans, rawBytes, among: large)
    }

    /// Large segments no larger than what is merged already: joining them costs at most as much again.
    private func companions(
        for spans: Int, _ rawBytes: Int, among large: [SegmentView]
    ) -> [SegmentView] {
        var room = spansMax - spans
        var rawRoom = rawBytesMax - rawBytes
        var weight = spans
        var chosen: [SegmentView] = []
        for view in large.sorted(by: { $0.liveSpans < $1.liveSpans })
        where view.liveSpans <= max(weight, 4096) && view.liveSpans <= room
            && view.segment.record.rawBytes <= rawRoom
        {
            chosen.append(view)
            rawRoom -= view.segment.record.rawBytes
            room -= view.liveSpans
            weight += view.liveSpans
        }
        return chosen
    }

    /// At rest, large segments that fit into one become one; so does one that is mostly deleted.
    private func chooseLarge(_ large: [SegmentView]) -> [SegmentView]? {
        let bySize = large.sorted { $0.liveSpans < $1.liveSpans }
        var chosen: [SegmentView] = []
        var spans = 0
        var rawBytes = 0
        for view in bySize {
            spans += view.liveSpans
            rawBytes += view.segment.record.rawBytes
            if spans > spansMax || rawBytes > rawBytesMax { break }
            chosen.append(view)
        }
        if chosen.count >= 2 { return chosen }
        return bySize.first {
            Double($0.liveSpans) < liveShareMin * Double($0.segment.record.spans)
        }.map { [$0] }
    }
}
