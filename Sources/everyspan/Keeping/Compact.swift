import ArgumentParser
import EmbeddedStore
import Foundation
import JSON
import Logging

struct Compact: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a data directory as small as it gets.",
        discussion: """
            Merges what waits, writes segments with deleted rows anew, and gives free pages back to the \
            file system. The server must be stopped. It can be interrupted at any time and loses nothing. \
            Exits with 3 if a server uses the directory.
            """)

    @Argument(help: "The directory.")
    var directory: String
    @Option(help: "text or json (default: text on a terminal, json elsewhere).")
    var format: Check.Form = AskOptions.isTerminal ? .text : .json

    func run() throws {
        FileLimit.raise()
        let logger = Logger(label: "everyspan") { StreamLogHandler.standardError(label: $0) }
        var bar: ProgressBar?
        var partitions = 0
        let result: Compaction.Result
        do {
            result = try Compaction.run(directory: directory) {
                logger.warning("\($0)")
            } progress: {
                done, total in
                if bar == nil { bar = ProgressBar(total: total) }
                partitions = done
                bar?.update(done, "\(done) of \(total) partitions")
            }
        } catch {
            throw AskOptions.told(error)
        }
        bar?.finish(partitions, "\(partitions) partitions")
        switch format {
        case .text:
            print(
                "\(result.before) bytes before, \(result.after) after; "
                    + "\(result.segmentsBefore) segments before, \(result.segmentsAfter) after")
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.member("bytes_before", result.before)
                json.member("bytes_after", result.after)
                json.member("segments_before", result.segmentsBefore)
                json.member("segments_after", result.segmentsAfter)
            }
            json.newline()
            FileHandle.standardOutput.write(Data(json.bytes))
        }
    }
}
