internal import JSON
internal import Store

/// A page of traces or spans as JSON, with where the next begins.
struct ListJSON {
    private let request: ListRequest
    private let answer: ListAnswer

    init(_ request: ListRequest, _ answer: ListAnswer) {
        self.request = request
        self.answer = answer
    }

    var bytes: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key(request.query.unit == .trace ? "traces" : "spans")
            json.array { json in
                if request.query.unit == .trace { traces(&json) } else { spans(&json) }
            }
            json.newline()
            json.key("cursor")
            if let next = answer.next { json.value(next.text) } else { json.null() }
            json.key("coverage")
            answer.coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private func spans(_ json: inout JSONWriter) {
        let writer = SpanJSON(answer.rows)
        for row in answer.rows.shown {
            json.newline()
            if let fields = request.fields {
                writer.write(row, fields, &json)
            } else {
                writer.write(row, &json)
            }
        }
    }

    private func traces(_ json: inout JSONWriter) {
        let rows = ListRows(request, answer)
        let fields = rows.fields.filter { $0 != Field("trace_id") }
        let names = fields.columnNames(beside: ["trace_id", "failed", "spans"])
        for row in 0..<rows.count {
            json.newline()
            json.object { json in
                json.member("trace_id", rows.traceID(row))
                json.member("failed", answer.traces[row].hasFailed)
                json.member("spans", rows.spanCount(row))
                for (name, field) in zip(names, fields) {
                    json.key(name)
                    json.value(rows.values(of: field, row), of: field)
                }
            }
        }
    }
}
