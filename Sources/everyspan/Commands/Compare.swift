import ArgumentParser

struct Compare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the slices that explain what fails: why?")

    @Option(help: "What is to be explained, such as 'duration > p95' (default: failed).")
    var target: String?
    @Option(help: "What it is held against (default: all others).")
    var baseline: String?
    @Option(
        parsing: .unconditional,
        help: "What got worse since: previous, 24h, 7d or T1..T2.")
    var vs: String?
    @Option(help: "What is counted: trace or span (default: trace).")
    var unit: String?
    @Option(help: "The only dimensions to look at, separated by commas (default: all).")
    var by: String?
    @Option(help: "Dimensions of a slice at most, 1 to 3 (default: 3).")
    var depth: String?
    @Option(help: "A condition over findings, such as 'q_value < 0.01 and excess >= 10'.")
    var having: String?
    @Option(help: "Findings, or all (default: 20).")
    var limit: String?
    @Flag(help: "Exit with 4 if a finding is left.")
    var check = false
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/compare",
                parameters: [
                    ("target", target), ("baseline", baseline), ("vs", vs), ("unit", unit),
                    ("by", by), ("depth", depth), ("having", having), ("limit", limit),
                    ("check", check ? "1" : nil),
                ] + filter.parameters))
    }
}
