internal import Spans
internal import Store

/// Reads what a tail's query selects among the spans of some commits.
///
/// A span inherits from what is held of its trace by then: its ancestors may be yet to come.
struct TailReader {
    private let query: TailQuery
    private let snapshot: Snapshot
    private let control: ScanControl

    init(_ query: TailQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
    }

    /// Spans that a page looks at: each brings its whole trace along.
    private static let spansMax = 2000

    private struct Identity: Hashable {
        let traceID: [UInt8]
        let spanID: UInt64
        let kind: UInt64
    }

    func page(_ views: [SegmentView], skipped: Int) throws -> TailPage {
        let found = try identities(views)
        let new = found.suffix(Self.spansMax)
        let skipped = skipped + found.count - new.count
        guard !new.isEmpty else { return TailPage(rows: nil, skipped: skipped) }
        var rows = try TraceReader(snapshot, control).rows(of: Set(new.map(\.traceID)))
        let place = Dictionary(
            new.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let matches = try matches(rows.batch)
        rows.shown = (0..<rows.batch.count).compactMap { row in
            let spans = rows.batch.spans
            let identity = Identity(
                traceID: spans.bytes(SpanField.traceID, row),
                spanID: spans.number(SpanField.spanID, row),
                kind: spans.number(SpanField.kind, row))
            return matches[row] ? place[identity].map { (row, $0) } : nil
        }.sorted { $0.1 < $1.1 }.map(\.0)
        return TailPage(rows: rows, skipped: skipped)
    }

    private func identities(_ views: [SegmentView]) throws -> [Identity] {
        var found: [Identity] = []
        for view in views {
            let segment = view.segment
            guard let ids = try segment.column(.traceID, withTexts: false) else { continue }
            let count = segment.record.spans
            func numbers(_ field: SpanField) throws -> [UInt64] {
                let key = ColumnKey(.span, .field, field.name, field.type)
                return try segment.column(key, withTexts: false)?.denseNumbers(rowCount: count)
                    ?? [UInt64](repeating: 0, count: count)
            }
            let spanIDs = try numbers(.spanID)
            let kinds = try numbers(.kind)
            for row in 0..<count where view.deleted?.contains(row) != true {
                found.append(
                    Identity(
                        traceID: ids.strings.withValue(Int(ids.codes[row])) { Array($0) },
                        spanID: spanIDs[row], kind: kinds[row]))
            }
        }
        return found
    }

    /// For each span of a batch of whole traces whether it satisfies the condition.
    private func matches(_ batch: SpanBatch) throws -> [Bool] {
        var result = [Bool](repeating: true, count: batch.count)
        guard let condition = query.condition, batch.count > 0 else { return result }
        let frame = try LooseFrame([(SegmentData(batch), nil)])
        let fields = FieldResolver(frame: frame, control: control)
        let evaluator = ConditionEvaluator(
            fields, unit: .span, failure: query.failure, percentiles: [:])
        for (row, isMatch) in try evaluator.units(condition).enumerated() {
            result[Int(frame.order[row].row)] = isMatch
        }
        return result
    }
}
