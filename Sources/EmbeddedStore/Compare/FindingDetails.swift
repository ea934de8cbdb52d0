internal import Spans
internal import Store

/// What findings show beside their counts: when they were first and last seen, when their rate jumped and what
/// appeared then, and examples.
struct FindingDetails {
    private let target: TargetValues
    private let members: SliceMembers
    private let grid: StepGrid?
    private let control: ScanControl

    struct Detail: Sendable {
        var first = Int64.max
        var last = Int64.min
        var onset: Onset?
        var examples: [SliceFigures.Example] = []
        var trend: [Int] = []
    }

    /// In how many steps a change of rate is looked for.
    private static let stepCount = 240
    private static let trendSteps = 8

    init(
        _ query: CompareQuery, _ target: TargetValues, _ members: SliceMembers,
        _ snapshot: Snapshot, _ control: ScanControl
    ) {
        self.target = target
        self.members = members
        self.control = control
        let newest = snapshot.newest.map { $0.plus(1) } ?? 1
        let from = max(query.range.from ?? .min, snapshot.oldest ?? 0)
        let to = min(query.range.to ?? .max, newest)
        grid = from < to ? try? StepGrid(.equal(count: Self.stepCount), from: from, to: to) : nil
    }

    /// - Parameter slices: places among those whose members are known.
    func of(_ slices: [Int]) throws -> [Detail] {
        let parts = try Scanner.parallel(members.frames) { try Part(slices, $0, grid) }
        return try slices.indices.map { index in
            var series = RateSeries(stepCount: grid?.count ?? 0)
            var detail = Detail()
            for part in parts {
                let own = part.slices[index]
                series.merge(own.series)
                detail.first = min(detail.first, own.first)
                detail.last = max(detail.last, own.last)
                for example in own.examples { detail.examples.insert(example) }
            }
            detail.trend = series.trend(Self.trendSteps)
            if let grid, let step = series.onset(findings: slices.count) {
                detail.onset = try appearances(grid).onset(slices[index], from: grid.time(of: step))
            }
            return detail
        }
    }

    /// What a frame has of each slice.
    private struct Part: Sendable {
        struct Own: Sendable {
            var first = Int64.max
            var last = Int64.min
            var series: RateSeries
            var examples: [SliceFigures.Example] = []
        }

        var slices: [Own] = []

        init(_ wanted: [Int], _ frame: SliceMembers.Frame, _ grid: StepGrid?) throws {
            let compared = frame.compared
            let starts = try compared.fields.starts(compared.unit).starts
            let ids = try TraceIDs(compared.frame, compared.unit)
            for slice in wanted {
                var own = Own(series: RateSeries(stepCount: grid?.count ?? 0))
                frame.units[slice].visit { unit in
                    let start = starts[Int(unit)]
                    let isTarget = compared.isTarget[Int(unit)]
                    if let grid { own.series.add(grid.index(of: start), isTarget) }
                    if !isTarget { return }
                    own.first = min(own.first, start)
                    own.last = max(own.last, start)
                    let isShown =
                        own.examples.count < SliceFigures.examplesMax
                        || start >= own.examples.last?.start ?? .min
                    if isShown {
                        own.examples.insert(
                            .init(hasFailed: true, start: start, traceID: ids.id(Int(unit))))
                    }
                }
                slices.append(own)
            }
        }
    }

    private func appearances(_ grid: StepGrid) -> Appearances {
        Appearances(target, members, grid, control)
    }
}
