import ArgumentParser

struct Traces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List traces, newest first.")

    @OptionGroup var page: PageOptions
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(path: "/v1/traces", parameters: page.parameters + filter.parameters))
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
        abstract: "List spans, newest first; as JSON all that was sent of each.")

    @OptionGroup var page: PageOptions
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(path: "/v1/spans", parameters: page.parameters + filter.parameters))
    }
}
