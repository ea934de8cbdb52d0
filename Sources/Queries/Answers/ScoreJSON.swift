internal import JSON
internal import Spans

/// Writes scores in the form in which they may be sent.
enum ScoreJSON {
    static func write(_ score: Score, _ json: inout JSONWriter) {
        json.newline()
        json.object { json in
            json.member("name", score.name)
            json.member("value", score.value)
            json.key("label")
            if let label = score.label { json.value(label) } else { json.null() }
            json.member("comment", score.comment)
            json.member("source", score.source)
            json.member("by", score.evaluator)
            json.member("time", Timestamp.text(score.time))
            switch score.target {
            case .span(_, let spanID):
                if spanID != 0 { json.member("span_id", Hex.text(spanID: spanID)) }
            case .response(let id): json.member("response_id", id)
            }
            if !score.errorType.isEmpty { json.member("error_type", score.errorType) }
        }
    }
}
