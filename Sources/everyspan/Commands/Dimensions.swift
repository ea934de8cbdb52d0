import ArgumentParser
import Foundation

struct Dimensions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what there is to slice by, or the values of one dimension.")

    @Argument(help: "The dimension whose values to list.")
    var name: String?
    @Option(help: "Values that begin so.")
    var prefix: String?
    @Option(help: "Values (default: 20).")
    var limit: String?
    @Flag(help: "Count the distinct values of texts and ids too.")
    var distinctAll = false
    @OptionGroup var filter: FilterOptions
    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(
            Question(
                path: "/v1/dimensions",
                parameters: [
                    ("name", name), ("prefix", prefix), ("limit", limit),
                    ("distinct", distinctAll ? "all" : nil),
                ] + filter.parameters))
    }
}

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follow spans as they are committed, until Ctrl-C.")

    @Option(name: .customLong("where"), help: "An expression, such as 'failed and tenant = acme'.")
    var condition: String?
    @Option(help: "What a failure is (default: status = error).")
    var failure: String?
    @Option(help: "What each span shows: dimensions, separated by commas (default: all of it).")
    var fields: String?
    @OptionGroup var ask: AskOptions

    func run() async throws {
        if ask.data != nil { throw ValidationError("only a server has a tail to follow") }
        var ask = ask
        ask.format = ask.format ?? "ndjson"
        try await ask.answer(
            Question(
                path: "/v1/tail",
                parameters: [("where", condition), ("failure", failure), ("fields", fields)]),
            hasText: false)
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what is held, what waits, and what was refused.")

    @OptionGroup var ask: AskOptions

    func run() async throws {
        try await ask.answer(Question(path: "/v1/status"))
    }
}
