internal import Spans
internal import Store

/// The values that fields have on whole traces, for a list of them.
struct TraceFields {
    private let spans: SpanFields
    private let batch: SpanBatch
    /// The rows of each trace, in order of their starts.
    private var rowsOf: [[UInt8]: [Int]] = [:]

    init(_ rows: SpanRows) {
        spans = SpanFields(rows)
        batch = rows.batch
        for row in 0..<batch.count {
            rowsOf[batch.spans.bytes(SpanField.traceID, row), default: []].append(row)
        }
        let starts = (0..<batch.count).map { batch.spans.number(SpanField.start, $0) }
        let ids = (0..<batch.count).map { batch.spans.number(SpanField.spanID, $0) }
        for id in rowsOf.keys {
            rowsOf[id]?.sort { (starts[$0], ids[$0]) < (starts[$1], ids[$1]) }
        }
    }

    func rows(of trace: TraceSummary) -> [Int] { rowsOf[trace.id] ?? [] }
    func spanCount(_ trace: TraceSummary) -> Int { rows(of: trace).count }

    /// The distinct values that any of its spans has, in order of their starts. Of texts only one: what the trace
    /// began with, and what it ended with.
    func values(of field: Field, _ trace: TraceSummary) -> [GroupValue] {
        if field.scope == .any {
            switch field.name {
            case "trace_id": return [.text(Hex.text(trace.id))]
            case "start_time": return [.integer(trace.start)]
            case "duration": return [.double(Double(trace.duration) / 1e6)]
            case "status": return [.text(trace.status)]
            case "name": return [.text(trace.name)]
            case "prompt.text": return first(field, rows(of: trace))
            case "output.text": return first(field, rows(of: trace).reversed())
            default: break
            }
        }
        if field.scope == .root {
            let root = rows(of: trace).first {
                batch.spans.number(SpanField.parentSpanID, $0) == 0
            }
            return root.map { spans.values(of: Field(field.name), $0) } ?? []
        }
        var seen: Set<GroupValue> = []
        return rows(of: trace).flatMap { spans.values(of: field, $0) }
            .filter { seen.insert($0).inserted }
    }

    private func first(_ field: Field, _ rows: [Int]) -> [GroupValue] {
        for row in rows {
            let values = spans.values(of: field, row)
            if !values.isEmpty { return values }
        }
        return []
    }
}
