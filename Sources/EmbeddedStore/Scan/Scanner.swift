internal import Dispatch
internal import Spans
internal import Store
internal import Synchronization

/// Runs a query over all frames of a snapshot, on all cores, and merges what they give.
enum Scanner {
    static func slices(
        _ query: SliceQuery, _ snapshot: Snapshot, _ control: ScanControl
    ) throws -> SliceAnswer {
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try percentiles(query, frames, control)
        var partial = SlicePartial()
        for part in try parallel(
            frames,
            { frame in
                try SliceScan(
                    query, FieldResolver(frame: frame, control: control), percentiles: percentiles
                ).scan()
            })
        {
            partial.merge(part)
        }
        return answer(query, partial, snapshot)
    }

    /// What `p95` and the like in a query stand for: percentiles of the duration over all units of its
    /// range.
    static func percentiles(
        _ query: SliceQuery, _ frames: [any Frame], _ control: ScanControl
    ) throws -> [Double: Double] {
        let ranks = query.failure.percentileRanks.union(query.condition?.percentileRanks ?? [])
        if ranks.isEmpty { return [:] }
        let everything = SliceQuery(unit: query.unit, range: query.range)
        var all = QuantileSketch()
        for part in try parallel(
            frames,
            { frame in
                try SliceScan(
                    everything, FieldResolver(frame: frame, control: control), percentiles: [:]
                ).scan()
            })
        {
            all.merge(part.total.durations)
        }
        return Dictionary(uniqueKeysWithValues: ranks.map { ($0, all.quantile($0 / 100) ?? 0) })
    }

    /// One result for each frame, in their order. The first error is thrown once all are done.
    static func parallel<T: Sendable>(
        _ frames: [any Frame], _ scan: @Sendable (any Frame) throws -> T
    ) throws -> [T] {
        let results = Mutex<[Int: Result<T, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: frames.count) { index in
            let result = Result { try scan(frames[index]) }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { results in
            try frames.indices.compactMap { try results[$0]?.get() }
        }
    }

    private static func answer(
        _ query: SliceQuery, _ partial: SlicePartial, _ snapshot: Snapshot
    ) -> SliceAnswer {
        var rows = partial.groups.map { key, figures in
            SliceRow(key: SliceScan.values(of: key, count: query.by.count), figures: figures)
        }
        if query.by.isEmpty { rows = [SliceRow(key: [], figures: partial.total)] }
        let failing = rows.count { $0.figures.failures > 0 }
        let count = rows.count
        rows.sort(by: RowSort(query.order).precedes)
        var other: SliceFigures?
        if let limit = query.limit, rows.count > limit {
            var rest = SliceFigures()
            for row in rows[limit...] { rest.merge(row.figures) }
            rest.examples = []
            other = rest
            rows.removeLast(rows.count - limit)
        }
        var coverage = Coverage(range: query.range)
        coverage.oldest = snapshot.oldest
        coverage.newest = snapshot.newest
        coverage.matched = partial.total.count
        coverage.spans = partial.matchedSpans
        coverage.openTraces = partial.openTraces
        coverage.droppedUpstream = partial.droppedUpstream
        return SliceAnswer(
            rows: rows, total: partial.total, other: other, groups: count,
            failingGroups: failing, coverage: coverage)
    }
}

/// The order of rows: by the figure, then more units first, then values ascending, null last.
private struct RowSort {
    private let order: RowOrder

    init(_ order: RowOrder) { self.order = order }

    func precedes(_ a: SliceRow, _ b: SliceRow) -> Bool {
        let left = a.figures.sortValue(order.figure)
        let right = b.figures.sortValue(order.figure)
        if left != right { return order.isAscending ? left < right : left > right }
        if a.figures.count != b.figures.count { return a.figures.count > b.figures.count }
        for (left, right) in zip(a.key, b.key) where left != right { return left < right }
        return false
    }
}
