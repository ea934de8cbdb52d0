import ArgumentParser
import EmbeddedStore
import Foundation
import JSON

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify a data directory, byte by byte.",
        discussion: """
            Reads all of it and changes nothing; a server may run beside it. Exits with 0 if all is \
            sound, 1 if something is damaged, 2 if it cannot be checked.
            """)

    @Argument(help: "The directory.")
    var directory: String
    @Option(help: "text or json (default: text on a terminal, json elsewhere).")
    var format: Form = AskOptions.isTerminal ? .text : .json

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    static let damaged = ExitCode(1)
    static let cannotCheck = ExitCode(2)

    func run() throws {
        FileLimit.raise()
        var bar: ProgressBar?
        var problems: [CheckProblem] = []
        let check = StoreCheck(directory: directory) { done, total in
            if bar == nil { bar = ProgressBar(total: total) }
            bar?.update(done, "\(done / 1_000_000) of \(total / 1_000_000) MB")
        } found: { problem in
            problems.append(problem)
            if format == .text { print(problem.line) }
        }
        let summary: CheckSummary
        do {
            summary = try check.run()
        } catch {
            AskOptions.complain("cannot check \(directory): \(error)")
            throw Self.cannotCheck
        }
        bar?.finish(summary.bytes, "\(summary.bytes / 1_000_000) MB")
        switch format {
        case .text:
            for note in summary.notes { print("note: \(note)") }
            print(summary.line)
        case .json:
            FileHandle.standardOutput.write(Data(summary.json(problems)))
        }
        if summary.problems > 0 { throw Self.damaged }
    }
}

extension CheckProblem {
    fileprivate var line: String {
        var place = partition
        if let segment { place += ", segment \(segment)" }
        if let column { place += ", \(column)" }
        return "\(place): expected \(expected), found \(found)"
    }
}

extension CheckSummary {
    fileprivate var line: String {
        let state = problems == 0 ? "sound" : problems == 1 ? "1 problem" : "\(problems) problems"
        return "\(state): \(partitions) partitions, \(segments) segments, \(spans) spans, "
            + "\(bytes) bytes"
    }

    fileprivate func json(_ found: [CheckProblem]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("sound", problems == 0)
            json.member("partitions", partitions)
            json.member("segments", segments)
            json.member("spans", spans)
            json.member("bytes", bytes)
            json.key("problems")
            json.array { json in
                for problem in found {
                    json.object { json in
                        json.member("partition", problem.partition)
                        if let segment = problem.segment { json.member("segment", Int(segment)) }
                        if let column = problem.column { json.member("column", column) }
                        json.member("expected", problem.expected)
                        json.member("found", problem.found)
                    }
                }
            }
            json.key("notes")
            json.array { json in
                for note in notes { json.value(note) }
            }
        }
        json.newline()
        return json.bytes
    }
}
