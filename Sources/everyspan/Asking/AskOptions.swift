import ArgumentParser
import EmbeddedStore
import Foundation

/// Whom a command asks, and how the answer is shown.
struct AskOptions: ParsableArguments {
    @Option(help: "The server (default: EVERYSPAN_URL, or http://127.0.0.1:4318).")
    var url: String?
    @Option(help: "A data directory to look into, in place of a server.")
    var data: String?
    @Option(help: "text, json, rows, ndjson or csv (default: text on a terminal, json elsewhere).")
    var format: String?
    @Option(help: "Ask again every so many seconds.")
    var watch: Double?

    /// Longer is not meant, and beyond some 10^20 seconds there is no such time.
    private static let watchMax = 86_400.0

    /// Exit codes beside 0 and those of wrong usage.
    enum Code {
        static let refused = ExitCode(1)
        static let unreachable = ExitCode(3)
        static let alarm = ExitCode(4)
    }

    static var isTerminal: Bool { isatty(1) == 1 }

    /// Of the terminal, in columns.
    private static var width: String? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return String(min(1000, max(40, size.ws_col)))
    }

    /// Asks and prints, once or until interrupted.
    ///
    /// - Parameter hasText: whether the route draws tables for a terminal.
    func answer(_ question: Question, hasText: Bool = true) async throws {
        var question = question
        let standard = hasText && Self.isTerminal ? "text" : nil
        let format = format ?? standard
        question.parameters.append(("format", format))
        if format == "text" { question.parameters.append(("width", Self.width)) }
        if let watch, !(watch > 0 && watch <= Self.watchMax) {
            throw ValidationError(
                "watch is \(watch); it is a number of seconds above 0, up to \(Int(Self.watchMax))")
        }
        do {
            let answering = try Self.answering(url: url, data: data)
            defer { try? answering.finish() }
            repeat {
                try await show(&question, answering)
                if let watch { try await Task.sleep(for: .seconds(watch)) }
            } while watch != nil
        } catch {
            throw Self.told(error)
        }
    }

    /// A server's address: as given, of the environment, or where a server listens unless told otherwise.
    static func address(_ url: String?) -> String {
        url ?? ProcessInfo.processInfo.environment["EVERYSPAN_URL"] ?? "http://127.0.0.1:4318"
    }

    static func answering(url: String?, data: String?) throws -> any Answering {
        if let data { return try LocalDirectory(path: data) }
        return try RemoteServer(url: address(url))
    }

    /// Tells why nobody answers; other errors stay as they are.
    static func told(_ error: any Error) -> any Error {
        guard error is HTTPSocket.Unreachable || error is StoreError else { return error }
        complain("\(error)")
        return Code.unreachable
    }

    private func show(_ question: inout Question, _ answering: any Answering) async throws {
        // An answer that is refused goes to standard error, so the status must be known before any of it is
        // written; what is followed is written as it comes.
        let isFollowed = question.path == "/v1/tail"
        let output = Output(isHeldBack: !isFollowed)
        let (status, tag) = try await answering.ask(question) { try output.take($0) }
        if status == 304 { return }
        question.knownTag = watch == nil ? nil : tag
        guard status == 200 || status == 409 else {
            output.complain()
            throw Code.refused
        }
        if watch != nil, Self.isTerminal { print("\u{1B}[H\u{1B}[2J", terminator: "") }
        output.write()
        if status == 409, watch == nil { throw Code.alarm }
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data(("everyspan: " + text + "\n").utf8))
    }
}
