internal import Dimensions
internal import Spans
internal import Store

/// All segments at one moment: what a query reads. A value; holding it keeps its segments readable.
struct Snapshot: Sendable {
    /// Small segments: the newest spans, in no order.
    var small: [SegmentView] = []
    /// Merged segments, ordered by trace.
    var large: [SegmentView] = []
    /// Rises with each commit; merging does not change it.
    var contentVersion = 0
    /// What queries of this snapshot share; a new one for each that is published.
    var frames = FrameCache()
    /// What queries of this snapshot and the next share.
    var parts = LooseParts(nil)

    /// For publishing: frames hold segments, so the writer's copy must not share those of any query, or
    /// segments that were merged would stay for ever.
    var withOwnFrames: Snapshot {
        var copy = self
        copy.frames = FrameCache()
        return copy
    }

    var views: [SegmentView] { small + large }

    /// Spans that wait to be merged.
    var smallSpans: Int { small.reduce(0) { $0 + $1.liveSpans } }

    /// The earliest and latest start, in Unix nanoseconds; nil if there are no spans.
    var oldest: Int64? { views.map(\.segment.record.startMin).min() }
    var newest: Int64? { views.map(\.segment.record.startMax).max() }

    mutating func update(
        _ segment: Segment, _ change: (inout SegmentView) -> Void
    ) {
        if segment.isPacked {
            if let index = small.lastIndex(where: { $0.segment === segment }) {
                change(&small[index])
            }
        } else if let index = large.firstIndex(where: { $0.segment === segment }) {
            change(&large[index])
        }
    }
}

extension Snapshot {
    /// The raw keys that some span, resource, scope or event has, and all canonical names, those of scores
    /// that the query sees included.
    func names(with control: ScanControl) -> KnownNames {
        var names = KnownNames(canonical: DimensionTable.standard.names, raw: [], event: [])
        names.canonical += FieldResolver.intrinsics.sorted()
        names.canonical += control.scores?.dimensions ?? []
        var seen: Set<ObjectIdentifier> = []
        for view in views {
            // What cannot be read is found out by whoever asks for it.
            guard let set = try? view.segment.keySet, seen.insert(ObjectIdentifier(set)).inserted
            else { continue }
            names.raw.formUnion(set.rawNames)
            names.event.formUnion(set.eventNames)
        }
        return names
    }
}
