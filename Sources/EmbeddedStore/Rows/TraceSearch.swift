internal import Spans
internal import Store

/// Finds the traces that a query selects, page by page.
struct TraceSearch {
    private let query: TraceQuery
    private let snapshot: Snapshot
    private let control: ScanControl
    /// The same question, as scans ask it.
    private let slice: SliceQuery

    init(_ query: TraceQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
        slice = SliceQuery(
            condition: query.condition, failure: query.failure, unit: .trace, range: query.range)
    }

    private struct Found: Sendable {
        var traces: [(cursor: TraceQuery.Cursor, summary: TraceSummary)] = []
        var matched = 0
        var spans = 0
        var openTraces = 0
        var droppedUpstream = 0
    }

    func answer() throws -> TraceAnswer {
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try Scanner.percentiles(slice, frames, control)
        var found = Found()
        for part in try Scanner.parallel(frames, { try find(in: $0, percentiles) }) {
            found.traces += part.traces
            found.matched += part.matched
            found.spans += part.spans
            found.openTraces += part.openTraces
            found.droppedUpstream += part.droppedUpstream
        }
        found.traces.sort { $0.cursor.precedes($1.cursor, query.order) }
        let isMore = found.traces.count > query.limit
        let page = found.traces.prefix(query.limit)
        let ids = Set(page.map(\.summary.id))
        return TraceAnswer(
            traces: page.map(\.summary),
            rows: try TraceReader(snapshot, control).rows(of: ids),
            next: isMore ? page.last?.cursor : nil,
            coverage: try coverage(found, frames, percentiles))
    }

    private func coverage(
        _ found: Found, _ frames: [any Frame], _ percentiles: [Double: Double]
    ) throws -> Coverage {
        var coverage = Coverage(range: query.range)
        coverage.oldest = snapshot.oldest
        coverage.newest = snapshot.newest
        coverage.matched = found.matched
        coverage.spans = found.spans
        coverage.openTraces = found.openTraces
        coverage.droppedUpstream = found.droppedUpstream
        if found.matched == 0 {
            coverage.conditions = try ConditionReports(
                slice, frames, percentiles, snapshot.names(with: control), control
            ).all()
        }
        return coverage
    }

    /// The first traces of a frame after the cursor, one more than the page holds.
    private func find(in frame: any Frame, _ percentiles: [Double: Double]) throws -> Found {
        let fields = FieldResolver(frame: frame, control: control)
        let times = try FrameTimes.of(frame)
        let units = try MatchedUnits(slice, fields, times, percentiles: percentiles)
        var found = Found(
            matched: units.numbers.count, spans: units.spanCount, openTraces: units.openTraces,
            droppedUpstream: try units.droppedUpstream(frame))
        guard let traceIDs = try frame.field(SpanField.traceID) else { return found }
        func value(_ unit: Int) -> Int64 {
            query.order.isByTime ? units.starts[unit] : Int64(clamping: units.durations[unit])
        }
        func cursor(_ unit: Int) -> TraceQuery.Cursor {
            let row = frame.rows(of: Int(units.numbers[unit])).lowerBound
            return TraceQuery.Cursor(
                value: value(unit),
                traceID: traceIDs.strings.withValue(Int(traceIDs.codes[row])) { Array($0) })
        }
        let order = query.order
        var candidates = Array(units.numbers.indices)
        if let after = query.after {
            candidates = candidates.filter { unit in
                let value = value(unit)
                if value != after.value {
                    return order.isAscending ? value > after.value : value < after.value
                }
                return after.precedes(cursor(unit), order)
            }
        }
        candidates.sort { order.isAscending ? value($0) < value($1) : value($0) > value($1) }
        // What ties with the last of the page is told apart by its id.
        var end = min(candidates.count, query.limit + 1)
        while end > 0, end < candidates.count, value(candidates[end]) == value(candidates[end - 1])
        {
            end += 1
        }
        let statuses = try fields.traceIntrinsic("status", times, forComparison: false)
        let names = try fields.traceIntrinsic("name", times, forComparison: false)
        let chosen = candidates[..<end].map { (cursor: cursor($0), unit: $0) }
            .sorted { $0.cursor.precedes($1.cursor, order) }.prefix(query.limit + 1)
        found.traces = chosen.map { cursor, unit in
            let trace = Int(units.numbers[unit])
            return (
                cursor,
                TraceSummary(
                    id: cursor.traceID, start: units.starts[unit],
                    duration: units.durations[unit], status: Self.text(statuses, trace),
                    name: Self.text(names, trace), hasFailed: units.hasFailed[unit])
            )
        }
        return found
    }

    private static func text(_ field: ResolvedField?, _ trace: Int) -> String {
        guard let field, case .text(let text) = field.values.value(field.codes[trace]) else {
            return ""
        }
        return text
    }
}
