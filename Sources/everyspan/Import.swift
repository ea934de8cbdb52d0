import ArgumentParser
import Foundation

struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files of spans to a server.",
        discussion: """
            Takes NDJSON of native spans, OTLP/JSON (one request, or one a line as the Collector's \
            file exporter writes them), and OTLP protobuf (one request a file, ending in .pb or \
            .binpb). Sending a file again changes nothing where its spans have ids.
            """)

    @Argument(help: "The files.")
    var files: [String]
    @Option(help: "The server.")
    var url = "http://127.0.0.1:4318"
    @Option(help: "Native spans a request.")
    var batch = 1000

    func run() throws {
        let client = try ImportClient(url: url)
        var progress = ImportProgress(bytes: try files.reduce(0) { $0 + (try Self.size($1)) })
        for file in files {
            var source = try ImportFile(path: file, spansPerRequest: batch)
            while let request = try source.next() {
                try progress.add(try client.post(request), request)
            }
        }
        progress.finish()
        if progress.rejected > 0 { throw ExitCode.failure }
    }

    private static func size(_ path: String) throws -> Int {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.size] as? NSNumber)?.intValue ?? 0
        } catch {
            throw ValidationError("cannot read \(path): \(error.localizedDescription)")
        }
    }
}

/// What was sent so far, as a bar on a terminal.
struct ImportProgress {
    private let bytesTotal: Int
    private var bytes = 0
    private var accepted = 0
    private var duplicates = 0
    private(set) var rejected = 0
    private var requests = 0
    private let start = ContinuousClock.now
    private var shown = ContinuousClock.now
    private let isTerminal = isatty(2) == 1

    init(bytes: Int) { bytesTotal = bytes }

    mutating func add(_ reply: ImportClient.Reply, _ request: ImportFile.Request) throws {
        guard reply.status == 200 else {
            let text = String(decoding: reply.body.prefix(500), as: UTF8.self)
            throw ValidationError("\(request.place): the server answered \(reply.status): \(text)")
        }
        requests += 1
        bytes += request.bytes
        let counts = try? JSONDecoder().decode(Counts.self, from: Data(reply.body))
        accepted += counts?.accepted ?? 0
        duplicates += counts?.duplicates ?? 0
        rejected += counts?.rejected_count ?? Int(counts?.partialSuccess?.rejectedSpans ?? "") ?? 0
        if isTerminal, shown.duration(to: .now) > .milliseconds(100) { show() }
    }

    private struct Counts: Decodable {
        struct Partial: Decodable {
            var rejectedSpans: String?
        }

        var accepted: Int?
        var duplicates: Int?
        // As the API spells it.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var rejected_count: Int?
        var partialSuccess: Partial?
    }

    private mutating func show() {
        shown = .now
        let width = 30
        let share = bytesTotal == 0 ? 1 : min(1, Double(bytes) / Double(bytesTotal))
        let filled = Int(share * Double(width))
        let bar =
            String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        let rate = Double(bytes) / 1e6 / max(0.001, start.duration(to: .now) / .seconds(1))
        write("\r\(bar) \(Int(share * 100)) %  \(Int(rate)) MB/s ")
    }

    mutating func finish() {
        if isTerminal {
            show()
            write("\n")
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        var text = "\(requests) requests in \(Double(Int(seconds * 10)) / 10) s"
        if accepted > 0 { text += ", \(accepted) spans accepted" }
        if duplicates > 0 { text += ", \(duplicates) of them were there already" }
        if rejected > 0 { text += ", \(rejected) refused" }
        print(text)
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
