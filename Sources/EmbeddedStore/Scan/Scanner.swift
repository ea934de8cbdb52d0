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
        // They hold for the window before too: what was slow then is what is slow now.
        let percentiles = try percentiles(query, frames, control)
        var steps: StepGrid?
        if let wanted = query.steps { steps = try grid(wanted, query.range, snapshot) }
        let scans = try scans(query, frames, percentiles, steps, control)
        var before: [any FrameScan]?
        if let window = query.before {
            var earlier = query
            earlier.range = window
            let frames = try Frames.of(snapshot, range: window)
            let steps = steps.flatMap { grid in
                window.distance(from: query.range).map { grid.shifted(by: $0) }
            }
            before = try self.scans(earlier, frames, percentiles, steps, control)
        }
        var answer = try SliceRows(
            query, scans, before: before, grid: steps, control
        ).answer()
        answer.coverage.oldest = snapshot.oldest
        answer.coverage.newest = snapshot.newest
        if answer.coverage.matched == 0 {
            answer.coverage.conditions = try ConditionReports(
                query, frames, percentiles, snapshot.names(with: control), control
            ).all()
        }
        return answer
    }

    /// Of more spans than this scans are not held, but made once more where they are needed again. Those that count distinct
    /// values are: how a scan has numbered these must hold until all are summed.
    private static let spansKeptMax = 3 << 20

    private static func scans(
        _ query: SliceQuery, _ frames: [any Frame], _ percentiles: [Double: Double],
        _ grid: StepGrid?, _ control: ScanControl
    ) throws -> [any FrameScan] {
        let plan = query.plan
        let counted = CountedQuestion(query, grid)
        let question = control.hot.flatMap { _ in FrameQuestion(query, plan, percentiles) }
        let isRepeated = question.flatMap { control.hot?.wasAsked($0) } ?? false
        let areKept =
            frames.reduce(0) { $0 + $1.spanCount } <= spansKeptMax || !plan.distinct.isEmpty
            || !query.stepPlan.distinct.isEmpty
        let scans = try parallel(
            FramePruning.frames(frames, for: query, percentiles)
        ) { frame -> any FrameScan in
            if let scan = try counted?.scan(frame, control) { return scan }
            @Sendable func scan() throws -> SliceScan {
                try SliceScan(
                    query, FieldResolver(frame: frame, control: control), percentiles: percentiles)
            }
            guard isRepeated, let question, let key = AnswerKey(question, query.range, in: frame)
            else {
                let made = try scan()
                return areKept ? made : PassingScan(made, again: scan)
            }
            do {
                return try frame.answer(key) {
                    let scan = try scan()
                    guard let answer = try FrameAnswer(scan, plan) else {
                        throw TooManyGroups(scan: scan)
                    }
                    return answer
                }
            } catch let error as TooManyGroups {
                return areKept ? error.scan : PassingScan(error.scan, again: scan)
            }
        }
        try control.check()
        return scans
    }

    private struct TooManyGroups: Error {
        let scan: SliceScan
    }

    /// An open range is cut over the times that are held.
    private static func grid(
        _ steps: Steps, _ range: TimeRange, _ snapshot: Snapshot
    ) throws -> StepGrid {
        let to = range.to ?? snapshot.newest.map { $0.plus(1) } ?? (range.from ?? 0).plus(1)
        let oldest = max(range.from ?? .min, snapshot.oldest ?? range.from ?? to.minus(1))
        // `from=0` is written where the first span is meant.
        let from = range.from.map { $0 <= 0 ? oldest : $0 } ?? oldest
        return try StepGrid(steps, from: min(from, to.minus(1)), to: to)
    }

    /// What `p95` and the like in a query stand for: percentiles of the duration over all units of its
    /// range.
    static func percentiles(
        _ query: SliceQuery, _ frames: [any Frame], _ control: ScanControl
    ) throws -> [Double: Double] {
        let ranks = query.failure.percentileRanks.union(query.condition?.percentileRanks ?? [])
        if ranks.isEmpty { return [:] }
        let everything = SliceQuery(unit: query.unit, range: query.range)
        let plan = FigurePlan([.aggregate(.percentile(95), Field("duration"))])
        let scans = try scans(everything, frames, [:], nil, control)
        var keys = ByteDictionary()
        let all = try WindowScan(scans, &keys, control).total(plan, control).durations
        return Dictionary(uniqueKeysWithValues: ranks.map { ($0, all.quantile($0 / 100) ?? 0) })
    }

    /// One result for each part, in their order. The first error is thrown once all are done.
    static func parallel<Part: Sendable, T: Sendable>(
        _ parts: [Part], _ work: @Sendable (Part) throws -> T
    ) throws -> [T] {
        if parts.count == 1 || BackgroundWork.isCurrent { return try parts.map(work) }
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
