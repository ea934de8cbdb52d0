/// What somebody or something made of a trace, a span or a model's response: a judge's verdict, a
/// thumb, a labeller's note. One score for each target, name and evaluator; a later one replaces it.
package struct Score: Sendable, Equatable {
    package enum Target: Hashable, Sendable {
        /// A span; with the span id 0, the trace as a whole.
        case span(traceID: UInt128, spanID: UInt64)
        /// The span that has this id of a model's response, wherever it is.
        case response(String)
    }

    package var target: Target
    package var name: String
    package var value: Double?
    package var label: String?
    package var comment = ""
    /// `human`, `llm`, `code`, `user` or another word, in lower case.
    package var source = ""
    /// Which evaluator, "" if it was not said. Part of what identifies a score.
    package var evaluator = ""
    /// Unix nanoseconds.
    package var time: Int64
    /// Why the evaluation itself failed, "" if it did not.
    package var errorType = ""

    /// UTF-8 bytes; a name is part of a dimension's name.
    package static let nameBytesMax = 200

    package init(
        target: Target, name: String, value: Double?, label: String?, time: Int64
    ) {
        self.target = target
        self.name = name
        self.value = value
        self.label = label
        self.time = time
    }
}
