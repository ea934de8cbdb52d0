internal import Spans

/// The attributes of an evaluation event (opentelemetry.io/docs/specs/semconv/gen-ai, "Event:
/// gen_ai.evaluation.result").
struct Evaluation {
    static let eventName = "gen_ai.evaluation.result"
    private let attributes: [AttributeValue.Entry]

    init(_ attributes: [AttributeValue.Entry]) { self.attributes = attributes }

    private subscript(_ key: String) -> AttributeValue? {
        attributes.first { $0.key == "gen_ai.evaluation." + key }?.value
    }

    /// nil if it has no name, or neither a value nor a label nor the type of an error.
    func score(_ target: Score.Target, time: Int64) -> Score? {
        guard let name = self["name"]?.scoreText else { return nil }
        let given = ScoreValue(self["score.value"], label: self["score.label"])
        var score = Score(
            target: target, name: name, value: given.value, label: given.label, time: time)
        score.comment = self["explanation"]?.scoreText ?? ""
        score.source = self["evaluator.type"]?.scoreText?.lowercased() ?? ""
        score.evaluator = self["evaluator.id"]?.scoreText ?? ""
        score.errorType = attributes.first { $0.key == "error.type" }?.value.scoreText ?? ""
        return score.isComplete ? score : nil
    }

    /// The span that the record belongs to, else the response that it names, else the trace.
    func score(of record: LogRecord) -> Score? {
        let response = attributes.first { $0.key == "gen_ai.response.id" }?.value.scoreText
        let traceID = UInt128(traceID: record.traceID)
        let spanID = UInt64(spanID: record.spanID) ?? 0
        let target: Score.Target
        if let traceID, spanID != 0 || response == nil {
            target = .span(traceID: traceID, spanID: spanID)
        } else if let response {
            target = .response(response)
        } else {
            return nil
        }
        return score(target, time: Int64(clamping: record.time))
    }
}

/// A score's value and label from what was sent: a text that is no number is a label.
struct ScoreValue {
    var value: Double?
    var label: String?

    init(_ value: AttributeValue?, label: AttributeValue?) {
        self.label = label?.scoreText
        switch value {
        case .int(let number)?: self.value = Double(number)
        case .double(let number)? where number.isFinite: self.value = number
        case .bool(let flag)?: self.value = flag ? 1 : 0
        case .string(let text)?:
            if let number = Double(text), number.isFinite {
                self.value = number
            } else if self.label == nil, !text.isEmpty {
                self.label = text
            }
        default: break
        }
    }
}

extension Score {
    /// Whether it says anything, under a name that can be a dimension's.
    var isComplete: Bool {
        (value != nil || label != nil || !errorType.isEmpty)
            && !name.isEmpty && name.utf8.count <= Score.nameBytesMax
    }
}

extension AttributeValue {
    /// A text that is not empty, or a number as text.
    var scoreText: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .int(let number): String(number)
        case .double(let number): AttributeValue.json(number)
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}

extension UInt128 {
    /// nil unless there are 16 bytes that are not all zero.
    init?(traceID bytes: [UInt8]) {
        guard bytes.count == 16, bytes.contains(where: { $0 != 0 }) else { return nil }
        self = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }
}

extension UInt64 {
    /// nil unless there are 8 bytes.
    init?(spanID bytes: [UInt8]) {
        guard bytes.count == 8 else { return nil }
        self = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
