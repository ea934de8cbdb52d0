import ArgumentParser
import Foundation

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score", abstract: "Score a trace or a span.",
        discussion: "The same name by the same evaluator again replaces the score.")

    @Argument(help: "The trace's id, or TRACE:SPAN for one of its spans.")
    var target: String
    @Argument(help: "What is scored, such as thumbs.")
    var name: String
    @Argument(parsing: .allUnrecognized, help: "A number; without one give a label.")
    var value: [String] = []
    @Option(help: "A word for the score, such as down.")
    var label: String?
    @Option(help: "Why.")
    var comment: String?
    @Option(help: "What kind of evaluator: human, llm, code, user.")
    var source: String?
    @Option(help: "Who.")
    var by: String?
    @OptionGroup var ask: AskOptions

    func run() async throws {
        guard value.count <= 1 else {
            throw ValidationError("one value, not \(value.joined(separator: " "))")
        }
        let ids = target.split(separator: ":", maxSplits: 1).map(String.init)
        var members: [String: any Sendable] = ["trace_id": ids.first ?? "", "name": name]
        if ids.count == 2 { members["span_id"] = ids[1] }
        if let text = value.first {
            guard let number = Double(text), number.isFinite else {
                throw ValidationError("\(text) is no number; a word goes into --label")
            }
            members["value"] = number
        }
        for (key, text) in [
            ("label", label), ("comment", comment), ("source", source), ("by", by),
        ] { if let text { members[key] = text } }
        let body = try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
        try await ask.answer(
            Question(method: "POST", path: "/v1/scores", body: Array(body)), hasText: false)
    }
}
