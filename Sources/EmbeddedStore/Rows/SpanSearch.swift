internal import Spans
internal import Store

/// Finds the spans that a query selects, page by page.
struct SpanSearch {
    private let query: SpanQuery
    private let snapshot: Snapshot
    private let control: ScanControl

    init(_ query: SpanQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
    }

    private struct Found: Sendable {
        var cursors: [SpanQuery.Cursor] = []
        var matched = 0
    }

    func answer() throws -> SpanAnswer {
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try Scanner.percentiles(
            SliceQuery(
                condition: query.condition, failure: query.failure, unit: .span,
                range: query.range), frames, control)
        var found = Found()
        for part in try Scanner.parallel(frames, { try find(in: $0, percentiles) }) {
            found.cursors += part.cursors
            found.matched += part.matched
        }
        found.cursors.sort { $0.precedes($1) }
        let isMore = found.cursors.count > query.limit
        let page = found.cursors.prefix(query.limit)
        var coverage = Coverage(range: query.range)
        coverage.oldest = snapshot.oldest
        coverage.newest = snapshot.newest
        coverage.matched = found.matched
        coverage.spans = found.matched
        if found.matched == 0 {
            let slice = SliceQuery(
                condition: query.condition, failure: query.failure, unit: .span,
                range: query.range)
            coverage.conditions = try ConditionReports(
                slice, frames, percentiles, snapshot.names(with: control), control
            ).all()
        }
        return SpanAnswer(
            rows: try rows(Array(page)), next: isMore ? page.last : nil, coverage: coverage)
    }

    /// The first spans of a frame after the cursor, one more than the page holds.
    private func find(in frame: any Frame, _ percentiles: [Double: Double]) throws -> Found {
        let fields = FieldResolver(frame: frame, control: control)
        let times = try FrameTimes.of(frame)
        let slice = SliceQuery(
            condition: query.condition, failure: query.failure, unit: .span, range: query.range)
        let units = try MatchedUnits(slice, fields, times, percentiles: percentiles)
        guard !units.numbers.isEmpty, let traceIDs = try frame.field(SpanField.traceID) else {
            return Found()
        }
        let spanIDs = try frame.numbers(SpanField.spanID)
        let kinds = try frame.numbers(SpanField.kind)
        func cursor(_ unit: Int) -> SpanQuery.Cursor {
            let row = Int(units.numbers[unit])
            let traceID = traceIDs.strings.withValue(Int(traceIDs.codes[row])) { Array($0) }
            return SpanQuery.Cursor(
                value: value(units, unit),
                key: SpanQuery.Key(
                    traceID: traceID, spanID: spanIDs[row], kind: kinds[row],
                    start: units.starts[unit]))
        }
        var candidates = (0..<units.numbers.count).filter { unit in
            guard let after = query.after else { return true }
            let value = value(units, unit)
            return value < after.value || (value == after.value && after.precedes(cursor(unit)))
        }
        candidates.sort { value(units, $0) > value(units, $1) }
        // What ties with the last of the page is told apart by its ids.
        var end = min(candidates.count, query.limit + 1)
        while end > 0, end < candidates.count,
            value(units, candidates[end]) == value(units, candidates[end - 1])
        {
            end += 1
        }
        var cursors = candidates[..<end].map(cursor)
        cursors.sort { $0.precedes($1) }
        return Found(
            cursors: Array(cursors.prefix(query.limit + 1)), matched: units.numbers.count)
    }

    private func value(_ units: MatchedUnits, _ unit: Int) -> Int64 {
        query.order == .newest ? units.starts[unit] : Int64(clamping: units.durations[unit])
    }

    /// The page's spans, in its order. Their traces are read whole, since dimensions are inherited.
    private func rows(_ page: [SpanQuery.Cursor]) throws -> SpanRows {
        let all = try TraceReader(snapshot, control).rows(of: Set(page.map(\.key.traceID)))
        let spans = all.batch.spans
        let traceIDs = spans.columns[SpanField.traceID.rawValue]
        var rowOf: [SpanQuery.Key: Int] = [:]
        for row in 0..<all.batch.count {
            let key = SpanQuery.Key(
                traceID: traceIDs.dictionary.withValue(Int(traceIDs.codes[row])) { Array($0) },
                spanID: spans.number(SpanField.spanID, row),
                kind: spans.number(SpanField.kind, row),
                start: clamped(spans.number(SpanField.start, row)))
            rowOf[key] = row
        }
        var result = all
        result.shown = page.compactMap { rowOf[$0.key] }
        return result
    }
}
