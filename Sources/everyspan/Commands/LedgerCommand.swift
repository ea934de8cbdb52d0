import ArgumentParser

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Say what was refused, repaired, late, doubled or dropped, and whose it was.")

    @Option(help: "What rows are made of: reason, tenant, service, key (default: all four).")
    var by: String?
    @Option(help: "Reasons, or what they begin with, such as 'span,upstream'.")
    var reason: String?
    @Option(help: "Of one tenant; null: of none.")
    var tenant: String?
    @Option(help: "Of one service; null: of none.")
    var service: String?
    @Option(help: "About one key; null: about none.")
    var key: String?
    @Option(help: "Lines that were counted within this time: 15m, 24h, 7d.")
    var since: String?
    @Option(help: "The zone of times, such as Europe/Berlin (default: UTC).")
    var tz: String?
    @Option(help: "Rows, or all (default: 20).")
    var limit: String?
    @Flag(help: "Exit with 4 if a row is left.")
    var check = false
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/ledger",
                parameters: [
                    ("by", by), ("reason", reason), ("tenant", tenant), ("service", service),
                    ("key", key), ("since", since), ("tz", tz), ("limit", limit),
                    ("check", check ? "1" : nil),
                ]))
    }
}
