import ArgumentParser

/// The command.
@main
struct Everyspan: AsyncParsableCommand {
    /// The version of this program, as CHANGELOG.md lists it.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "everyspan",
        abstract: "Keeps every LLM span, and answers which slice is failing, and why.",
        subcommands: [
            Serve.self, Demo.self, Import.self, Export.self, Compare.self, Findings.self,
            Slices.self,
            Series.self, Traces.self, Trace.self, Spans.self, Dimensions.self, TailCommand.self,
            ScoreCommand.self,
            LedgerCommand.self, Status.self, Check.self, Compact.self, Manual.self, Version.self,
        ])

    static func main() async {
        // Before any thread has an arena of its own.
        Allocator.prepare()
        await main(nil)
    }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    func run() { print("everyspan \(Everyspan.version)") }
}
