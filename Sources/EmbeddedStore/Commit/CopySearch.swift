internal import Spans

/// Finds copies of a span that lie in several partitions: a commit looks for copies only in the partition of the
/// span's own day, and a copy may start on another.
///
/// Only traces that several segments share can have such copies. Of two the one that ends later stays, else the
/// one of the earlier day.
enum CopySearch {
    private struct Copy {
        let view: Int
        let row: Int
        let end: UInt64
    }

    private struct SpanKey: Hashable {
        let spanID: UInt64
        let kind: UInt64
    }

    /// - Parameters:
    ///   - view: the one whose traces are looked at.
    ///   - views: all large segments.
    /// - Returns: for each segment that has any the rows that must go.
    static func losers(
        of view: SegmentView, among views: [SegmentView], _ lookup: inout LargeSegmentLookup
    ) throws -> Deletions {
        var deletions = Deletions()
        for (hash, places) in sharedTraces(of: view, views) {
            var known: [SpanKey: [Copy]] = [:]
            for place in places {
                let view = views[place]
                guard let trace = try lookup.trace(hash, in: view.segment) else { continue }
                let index = try lookup.identities(of: view.segment)
                for row in index.rows(of: trace) where view.deleted?.contains(row) != true {
                    let key = SpanKey(
                        spanID: index.identities.spanIDs[row], kind: index.identities.kinds[row])
                    known[key, default: []].append(
                        Copy(view: place, row: row, end: index.identities.ends[row]))
                }
            }
            for copies in known.values where copies.count > 1 {
                try addLosers(of: copies, views, &lookup, &deletions)
            }
        }
        return deletions
    }

    /// Those of a view's traces that lie in several partitions, and the views that have them.
    private static func sharedTraces(
        of view: SegmentView, _ views: [SegmentView]
    ) -> [UInt64: [Int]] {
        var places: [UInt64: [Int]] = [:]
        for (index, other) in views.enumerated() {
            for hash in view.shared.intersection(other.shared) {
                places[hash, default: []].append(index)
            }
        }
        return places.filter { _, indices in
            indices.contains { views[$0].segment.partition !== view.segment.partition }
        }
    }

    private static func addLosers(
        of copies: [Copy], _ views: [SegmentView], _ lookup: inout LargeSegmentLookup,
        _ deletions: inout Deletions
    ) throws {
        // One for each identity: the same ids may belong to two tenants' keys.
        var kept: [Copy] = []
        for copy in copies {
            let segment = views[copy.view].segment
            let identities = try lookup.identities(of: segment).identities
            let place = try kept.firstIndex { other in
                let others = try lookup.identities(of: views[other.view].segment).identities
                return identities.isSame(copy.row, as: others, other.row)
            }
            guard let place else {
                kept.append(copy)
                continue
            }
            let other = kept[place]
            let otherSegment = views[other.view].segment
            let isBetter =
                copy.end != other.end
                ? copy.end > other.end : segment.partition.name < otherSegment.partition.name
            if isBetter { kept[place] = copy }
            let loser = isBetter ? other : copy
            deletions.insert(loser.row, in: views[loser.view].segment)
        }
    }
}
