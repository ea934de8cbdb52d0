import ArgumentParser

struct Traces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List traces, newest first.")

    @Option(help: "What each row shows: dimensions, separated by commas.")
    var fields: String?
    @Option(parsing: .unconditional, help: "start_time or duration; - reverses.")
    var order: String?
    @Option(help: "Rows, up to 1000 (default: 20).")
    var limit: String?
    @Option(parsing: .unconditional, help: "Where the page before ended.")
    var cursor: String?
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/traces",
                parameters: [
                    ("fields", fields), ("order", order), ("limit", limit), ("cursor", cursor),
                ] + filter.parameters))
    }
}

struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one trace as a tree.")

    @Argument(help: "Its id, or the first 8 or more digits of it.")
    var id: String
    @Flag(name: .customLong("beside-ok"), help: "Beside the nearest trace that passed.")
    var isCompared = false
    @Option(help: "What a failure is (default: status = error).")
    var failure: String?
    @Option(help: "The zone of times, such as Europe/Berlin (default: UTC).")
    var tz: String?
    @OptionGroup var ask: AskOptions

    func run() async throws {
        guard !id.isEmpty, id.allSatisfy({ $0.isHexDigit && $0.isASCII }) else {
            throw ValidationError("\(id) is no trace id: it has hexadecimal digits only")
        }
        try await ask.answer(
            Question(
                path: "/v1/traces/\(id)",
                parameters: [
                    ("vs", isCompared ? "ok" : nil), ("failure", failure), ("tz", tz),
                ]))
    }
}

struct Spans: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List spans as they were sent, newest first, as JSON.")

    @Option(help: "What each span shows: dimensions, separated by commas (default: all of it).")
    var fields: String?
    @Option(help: "start_time or duration.")
    var order: String?
    @Option(help: "Spans, up to 1000 (default: 20).")
    var limit: String?
    @Option(parsing: .unconditional, help: "Where the page before ended.")
    var cursor: String?
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/spans",
                parameters: [
                    ("fields", fields), ("order", order), ("limit", limit), ("cursor", cursor),
                ] + filter.parameters), hasText: false)
    }
}
