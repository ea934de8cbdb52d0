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
    @Option(help: "The server (default: EVERYSPAN_URL, or http://127.0.0.1:4318).")
    var url: String?
    @Option(help: "Native spans a request.")
    var batch = 1000

    func run() throws {
        let client = try ImportClient(url: AskOptions.address(url))
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
    private var bar: ProgressBar
    private var bytes = 0
    private var accepted = 0
    private var duplicates = 0
    private(set) var rejected = 0
    private var requests = 0
    private let start = ContinuousClock.now

    init(bytes: Int) { bar = ProgressBar(total: bytes) }

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
        let note = note
        bar.update(bytes, note)
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

    private var note: String {
        "\(Int(Double(bytes) / 1e6 / max(0.001, start.duration(to: .now) / .seconds(1)))) MB/s"
    }

    mutating func finish() {
        bar.finish(bytes, note)
        let seconds = start.duration(to: .now) / .seconds(1)
        var text = "\(requests) requests in \(Double(Int(seconds * 10)) / 10) s"
        if accepted > 0 { text += ", \(accepted) spans accepted" }
        if duplicates > 0 { text += ", \(duplicates) of them were there already" }
        if rejected > 0 { text += ", \(rejected) refused" }
        print(text)
    }
}
