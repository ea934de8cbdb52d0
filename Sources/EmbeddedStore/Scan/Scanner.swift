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
        let scans = try parallel(frames) { frame in
            try SliceScan(
                query, FieldResolver(frame: frame, control: control), percentiles: percentiles)
        }
        try control.check()
        var answer = try SliceRows(query, scans).answer(control)
        answer.coverage.oldest = snapshot.oldest
        answer.coverage.newest = snapshot.newest
        return answer
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
                ).total()
            })
        {
            all.merge(part.durations)
        }
        return Dictionary(uniqueKeysWithValues: ranks.map { ($0, all.quantile($0 / 100) ?? 0) })
    }

    /// One result for each part, in their order. The first error is thrown once all are done.
    static func parallel<Part: Sendable, T: Sendable>(
        _ parts: [Part], _ work: @Sendable (Part) throws -> T
    ) throws -> [T] {
        if parts.count == 1 { return [try work(parts[0])] }
        let results = Mutex<[Int: Result<T, any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: parts.count) { index in
            let result = Result { try work(parts[index]) }
            results.withLock { $0[index] = result }
        }
        return try results.withLock { results in
            try parts.indices.compactMap { try results[$0]?.get() }
        }
    }
}
