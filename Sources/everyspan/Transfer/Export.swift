import ArgumentParser
import Foundation

struct Export: AsyncParsableCommand {
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case ndjson
        case otlp
    }

    static let configuration = CommandConfiguration(
        abstract: "Write spans to a file that import reads back.",
        discussion: """
            ndjson: a native span a line, newest first. What native spans cannot say is left out: which \
            attributes were the resource's, the scope's name, trace state, flags, and attributes of a \
            reserved name.
            otlp: OTLP/JSON, a request a line, nothing lost; whole traces: --where, --from and --to \
            choose among traces, and all spans of a chosen one are written.
            Scores are in neither. Without --since, --from or --to everything is written.
            """)

    @Option(name: .shortAndLong, help: "The file (default: standard output).")
    var output: String?
    @Option(help: "ndjson or otlp.")
    var format = Form.ndjson
    @Option(help: "The server (default: EVERYSPAN_URL, or http://127.0.0.1:4318).")
    var url: String?
    @Option(help: "A data directory to read, in place of a server.")
    var data: String?
    @OptionGroup var filter: FilterOptions

    func run() async throws {
        do {
            let answering = try AskOptions.answering(url: url, data: data)
            defer { try? answering.finish() }
            try await write(from: answering)
        } catch let error as Refusal {
            AskOptions.complain(error.message)
            throw AskOptions.Code.refused
        } catch let error as CocoaError {
            AskOptions.complain("cannot write \(output ?? "there"): \(error.localizedDescription)")
            throw AskOptions.Code.refused
        } catch {
            throw AskOptions.told(error)
        }
    }

    private func write(from answering: any Answering) async throws {
        let isOpen = filter.since == nil && filter.from == nil && filter.to == nil
        let range: [(name: String, value: String?)] = isOpen ? [("from", "0")] : []
        let parameters = filter.parameters.filter { $0.value != nil } + range
        let file = try ExportFile(path: output)
        var pages = ExportPages(
            format == .otlp ? "/v1/traces" : "/v1/spans",
            parameters + (format == .otlp ? [("fields", "trace_id")] : []), answering)
        var bar: ProgressBar?
        var done = 0
        var spans = 0
        var otlp = OTLPLines()
        while let page = try await pages.next() {
            if bar == nil { bar = ProgressBar(total: page.matched) }
            switch format {
            case .ndjson: try file.write(page.items.flatMap { try NativeLine.bytes(of: $0) })
            case .otlp:
                for item in page.items {
                    spans += try await otlp.add(try traceID(item), answering)
                    if let line = otlp.takeLine() { try file.write(line) }
                    done += 1
                    bar?.update(done, "\(spans) spans")
                }
                done -= page.items.count
            }
            done += page.items.count
            bar?.update(done, "\(done)")
        }
        if let line = otlp.takeLine(isLast: true) { try file.write(line) }
        try file.finish()
        let count = format == .otlp ? "\(spans) spans of \(done) traces" : "\(done) spans"
        bar?.finish(done, count)
        if let output { AskOptions.complain("\(count) in \(output)") }
    }

    private func traceID(_ item: [UInt8]) throws -> String {
        struct Row: Decodable {
            // As the API spells it.
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let trace_id: String
        }
        return try JSONDecoder().decode(Row.self, from: Data(item)).trace_id
    }
}

/// The server's reason for not answering.
struct Refusal: Error {
    let status: Int
    let message: String
}

extension Answering {
    /// A whole answer.
    ///
    /// - Throws: `Refusal` if the status is not 200.
    func whole(_ question: Question) async throws -> [UInt8] {
        let output = Output(isHeldBack: true)
        let (status, _) = try await ask(question) { try output.take($0) }
        guard status == 200 else { throw Refusal(status: status, message: output.errorMessage) }
        return output.taken
    }
}

/// Where an export goes. A file has its name only once it is whole.
struct ExportFile {
    private let path: String?
    private let handle: FileHandle

    init(path: String?) throws {
        self.path = path
        guard let path else {
            handle = .standardOutput
            return
        }
        guard FileManager.default.createFile(atPath: path + ".part", contents: nil),
            let handle = FileHandle(forWritingAtPath: path + ".part")
        else {
            throw ValidationError("cannot write \(path).part; name a file in a directory of yours")
        }
        self.handle = handle
    }

    func write(_ bytes: [UInt8]) throws { try handle.write(contentsOf: Data(bytes)) }

    func finish() throws {
        guard let path else { return }
        try handle.synchronize()
        try handle.close()
        guard rename(path + ".part", path) == 0 else {
            throw ValidationError("cannot rename \(path).part: \(String(cString: strerror(errno)))")
        }
    }
}
