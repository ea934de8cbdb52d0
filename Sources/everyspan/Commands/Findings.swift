import ArgumentParser

struct Findings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the server's watch has found without being asked.")

    @Option(help: "all, open or resolved (default: all).")
    var state: String?
    @Option(help: "Findings, or all (default: 20).")
    var limit: String?
    @Option(help: "The zone of times, such as Europe/Berlin (default: UTC).")
    var tz: String?
    @Flag(help: "Exit with 4 if an open finding is left.")
    var check = false
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/findings",
                parameters: [
                    ("state", state), ("limit", limit), ("tz", tz), ("check", check ? "1" : nil),
                ]))
    }
}
