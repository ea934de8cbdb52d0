import ArgumentParser
import Foundation

struct Manual: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the manual page.",
        discussion: "everyspan manual > /usr/local/share/man/man1/everyspan.1")

    func run() throws {
        let tool = try JSONDecoder().decode(
            CommandDescription.Tool.self, from: Data(Everyspan._dumpHelp().utf8))
        print(ManualPage(tool.command, version: Everyspan.version).text, terminator: "")
    }
}

/// A command as the argument parser describes it to tools.
struct CommandDescription: Decodable {
    struct Tool: Decodable { let command: CommandDescription }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let valueName: String?
        let abstract: String?
    }

    let commandName: String
    let shouldDisplay: Bool?
    let abstract: String?
    let discussion: String?
    let subcommands: [CommandDescription]?
    let arguments: [Argument]?
}
