internal import JSON
internal import Spans
internal import Store

/// The rows of a list, traces or spans, and what each shows of the fields that were chosen.
struct ListRows {
    let fields: [Field]
    let count: Int
    private let unit: Unit
    private let answer: ListAnswer
    private let spans: SpanFields
    private let traces: TraceFields?

    /// What a row shows unless the question says otherwise. Texts make lines of their own on a terminal.
    static let standard: [Unit: [String]] = [
        .trace: [
            "start_time", "duration", "status", "tenant", "model", "tool.sequence", "prompt.text",
            "output.text",
        ],
        .span: ["start_time", "duration", "status", "name", "tenant", "model", "tool"],
    ]

    init(_ request: ListRequest, _ answer: ListAnswer) {
        unit = request.query.unit
        self.answer = answer
        fields = request.fields ?? Self.standard[unit, default: []].map { Field($0) }
        count = unit == .trace ? answer.traces.count : answer.rows.shown.count
        spans = SpanFields(answer.rows)
        traces = unit == .trace ? TraceFields(answer.rows) : nil
    }

    func values(of field: Field, _ row: Int) -> [GroupValue] {
        traces?.values(of: field, answer.traces[row])
            ?? spans.values(of: field, answer.rows.shown[row])
    }

    func traceID(_ row: Int) -> String {
        if unit == .trace { return Hex.text(answer.traces[row].id) }
        return Hex.text(answer.rows.batch.spans.bytes(SpanField.traceID, answer.rows.shown[row]))
    }

    /// How many spans a trace of the list has.
    func spanCount(_ row: Int) -> Int { traces?.spanCount(answer.traces[row]) ?? 1 }

    // MARK: Flat

    /// Each row begins with the ids by which it is found.
    private var ids: [Field] {
        (unit == .trace ? ["trace_id"] : ["trace_id", "span_id"]).map { Field($0) }
    }

    func flat(in format: RowFormat) -> [UInt8] {
        let fields = ids + fields.filter { !ids.contains($0) }
        let names = fields.columnNames()
        let rows = (0..<count).map { row in
            FlatRow(
                cells: zip(names, fields).map { .init($0, .values(values(of: $1, row), $1)) })
        }
        return format.body(rows, names: names)
    }
}
