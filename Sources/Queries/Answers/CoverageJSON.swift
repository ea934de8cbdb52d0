internal import JSON
internal import Store

extension Coverage {
    /// What comes with every answer.
    func write(_ json: inout JSONWriter) {
        json.object { json in
            json.time("from", range.from)
            json.time("to", range.to)
            json.time("oldest", oldest)
            json.time("newest", newest)
            json.member("matched", matched)
            json.member("spans", spans)
            json.member("open_traces", openTraces)
            json.member("refused", refused)
            json.member("late", late)
            json.member("dropped_upstream", droppedUpstream)
            json.member("truncated_values", truncatedValues)
            if damaged > 0 { json.member("damaged", damaged) }
            if !conditions.isEmpty {
                json.key("conditions")
                json.array { json in
                    for condition in conditions { condition.write(&json) }
                }
            }
        }
    }

    /// The same for the header `Everyspan-Coverage`.
    package var header: String {
        var json = JSONWriter()
        write(&json)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension ConditionReport {
    func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("text", text)
            json.member("spans", spans)
            json.key("closest")
            json.array { json in
                for value in closest { json.value(value) }
            }
        }
    }
}
