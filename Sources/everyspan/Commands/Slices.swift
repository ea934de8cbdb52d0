import ArgumentParser

struct Slices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a row for each combination of values: which slice fails?")

    @OptionGroup var rows: RowOptions
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(path: "/v1/slices", parameters: rows.parameters + filter.parameters))
    }
}

struct Series: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show slices for each step of time: since when does it fail?")

    @Option(help: "The length of a step, such as 10s, 1m or 1h (default: at most 120 steps).")
    var step: String?
    @OptionGroup var rows: RowOptions
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/series",
                parameters: [("step", step)] + rows.parameters + filter.parameters))
    }
}
