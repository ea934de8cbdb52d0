internal import Spans
internal import Store

/// Finds the traces or spans that a query selects, page by page.
struct ListSearch {
    private let query: ListQuery
    private let snapshot: Snapshot
    private let control: ScanControl
    /// The same question, as scans ask it.
    private let slice: SliceQuery

    init(_ query: ListQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
        slice = SliceQuery(
            condition: query.condition, failure: query.failure, unit: query.unit, range: query.range
        )
    }

    private typealias Cursor = ListQuery.Cursor

    private struct Found: Sendable {
        /// With what a trace is, where traces are listed.
        var units: [(cursor: Cursor, summary: TraceSummary?)] = []
        var matched = 0
        var spans = 0
        var openTraces = 0
        var droppedUpstream = 0
    }

    func answer() throws -> ListAnswer {
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try Scanner.percentiles(slice, frames, control)
        var found = Found()
        let matching = try FramePruning.frames(frames, for: slice, percentiles)
        for part in try Scanner.parallel(matching, { try find(in: $0, percentiles) }) {
            found.units += part.units
            found.matched += part.matched
            found.spans += part.spans
            found.openTraces += part.openTraces
            found.droppedUpstream += part.droppedUpstream
        }
        found.units.sort { $0.cursor.precedes($1.cursor, query.order) }
        let isMore = found.units.count > query.limit
        let page = found.units.prefix(query.limit)
        return ListAnswer(
            traces: page.compactMap(\.summary), rows: try rows(page.map(\.cursor.key)),
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

    // MARK: One frame

    /// The first of a frame after the cursor, one more than the page holds.
    private func find(in frame: any Frame, _ percentiles: [Double: Double]) throws -> Found {
        let fields = FieldResolver(frame: frame, control: control)
        let units = try MatchedUnits(slice, fields, percentiles: percentiles)
        var found = Found(
            matched: units.count, spans: units.spanCount, openTraces: units.openTraces,
            droppedUpstream: try units.droppedUpstream(frame))
        if units.selection.isEmpty { return found }
        let keys = try keys(frame, units)
        let durations = try units.durations()
        let starts = try units.starts().starts
        let values = units.selection.picked(
            query.order.isByTime ? starts : durations.map { Int64(clamping: $0) })
        let page = page(values) { Cursor(value: values[$0], key: keys($0)) }
        guard query.unit == .trace else {
            found.units = page.map { ($0.cursor, nil) }
            return found
        }
        let statuses = try fields.traceIntrinsic("status", forComparison: false)
        let names = try fields.traceIntrinsic("name", forComparison: false)
        found.units = page.map { cursor, position in
            let trace = units.selection[position]
            let summary = TraceSummary(
                id: cursor.key.traceID, start: starts[trace],
                duration: durations[trace], status: Self.text(statuses, trace),
                name: Self.text(names, trace), hasFailed: units.hasFailed[trace])
            return (cursor, summary)
        }
        return found
    }

    /// By the position of a matched unit, how it is told from others.
    private func keys(
        _ frame: any Frame, _ units: MatchedUnits
    ) throws -> (Int) -> ListQuery.Key {
        guard let traceIDs = try frame.field(SpanField.traceID) else {
            return { _ in ListQuery.Key(traceID: []) }
        }
        func traceID(_ row: Int) -> [UInt8] {
            traceIDs.strings.withValue(Int(traceIDs.codes[row])) { Array($0) }
        }
        if query.unit == .trace {
            return { position in
                let row = frame.rows(of: units.selection[position]).lowerBound
                return ListQuery.Key(traceID: traceID(row))
            }
        }
        let spanIDs = try frame.numbers(SpanField.spanID)
        let kinds = try frame.numbers(SpanField.kind)
        let starts = try units.starts().starts
        return { position in
            let row = units.selection[position]
            let span = ListQuery.Key.Span(
                id: spanIDs[row], kind: kinds[row], start: starts[row])
            return ListQuery.Key(traceID: traceID(row), span: span)
        }
    }

    /// - Parameter values: what units are ordered by.
    private func page(
        _ values: [Int64], _ cursor: (Int) -> Cursor
    ) -> [(cursor: Cursor, unit: Int)] {
        let order = query.order
        func precedes(_ value: Int64, _ other: Int64) -> Bool {
            order.isAscending ? value < other : value > other
        }
        var candidates = Array(values.indices)
        if let after = query.after {
            candidates = candidates.filter { unit in
                let value = values[unit]
                return value == after.value
                    ? after.precedes(cursor(unit), order) : precedes(after.value, value)
            }
        }
        candidates.sort { precedes(values[$0], values[$1]) }
        // What ties with the last of the page is told apart by its key.
        var end = min(candidates.count, query.limit + 1)
        while end > 0, end < candidates.count,
            values[candidates[end]] == values[candidates[end - 1]]
        {
            end += 1
        }
        let chosen = candidates[..<end].map { (cursor: cursor($0), unit: $0) }
            .sorted { $0.cursor.precedes($1.cursor, order) }
        return Array(chosen.prefix(query.limit + 1))
    }

    private static func text(_ field: ResolvedField?, _ trace: Int) -> String {
        guard let field, case .text(let text) = field.values.value(field.codes[trace]) else {
            return ""
        }
        return text
    }

    // MARK: The page

    /// The page's traces. They are read whole where spans are listed too, since dimensions are inherited.
    private func rows(_ page: [ListQuery.Key]) throws -> SpanRows {
        var all = try TraceReader(snapshot, control).rows(of: Set(page.map(\.traceID)))
        guard query.unit == .span else { return all }
        let spans = all.batch.spans
        let traceIDs = spans.columns[SpanField.traceID.rawValue]
        var rowOf: [ListQuery.Key: Int] = [:]
        for row in 0..<all.batch.count {
            let key = ListQuery.Key(
                traceID: traceIDs.dictionary.withValue(Int(traceIDs.codes[row])) { Array($0) },
                span: .init(
                    id: spans.number(SpanField.spanID, row),
                    kind: spans.number(SpanField.kind, row),
                    start: clamped(spans.number(SpanField.start, row))))
            rowOf[key] = row
        }
        all.shown = page.compactMap { rowOf[$0] }
        return all
    }
}
