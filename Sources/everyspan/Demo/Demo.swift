import ArgumentParser
import EmbeddedStore
import Foundation
import Synchronization

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show on a day of traffic how a broken prompt version is found.",
        discussion: """
            Starts a server on a fresh directory, sends it a generated day of a shop's traffic, in \
            which one prompt version, deployed at 14:10 UTC to 3 % of it, breaks; then runs the \
            lines that find it. Everything is removed at the end, but for a directory that --data \
            names.
            """)

    @Option(help: "HOST:PORT to listen on (default: 127.0.0.1 and any port that is free).")
    var listen = "127.0.0.1:0"
    @Option(help: "A new directory for the data, which stays (default: a temporary one).")
    var data: String?
    @Flag(help: "Leave the server running until Ctrl-C, to go on asking.")
    var keep = false

    func run() async throws {
        Allocator.startGivingBack()
        FileLimit.raise()
        let begun = ContinuousClock.now
        let stop = StopSignals()
        let isStopped = StopFlag()
        let stopped = Task {
            _ = await stop.wait()
            isStopped.set()
        }
        let directory = try self.directory()
        defer { if data == nil { try? FileManager.default.removeItem(atPath: directory) } }
        let server: DemoServer
        do {
            server = try await DemoServer(listen: listen, data: directory)
        } catch {
            AskOptions.complain("\(error)")
            throw ExitCode.failure
        }
        do {
            try await show(server, begun, isStopped)
            if keep, !isStopped.isSet {
                say(
                    """

                    The server goes on at \(server.url) until Ctrl-C; its data in \(directory) \
                    \(data == nil ? "goes with it (--data keeps it)" : "stays").
                    Ask as above, or see the commands for each need: curl \(server.url)/

                    """)
                await stopped.value
            }
        } catch {
            try await server.stop()
            AskOptions.complain("\(error)")
            throw ExitCode.failure
        }
        try await server.stop()
    }

    /// One that nothing else uses: what is there already would be part of the answers.
    private func directory() throws -> String {
        let files = FileManager.default
        if let data {
            let there = (try? files.contentsOfDirectory(atPath: data)) ?? []
            guard there.isEmpty else {
                throw ValidationError("\(data) is not empty; name a new directory")
            }
            return data
        }
        let name = "everyspan-demo-\(getpid())"
        let url = files.temporaryDirectory.appendingPathComponent(name)
        try files.createDirectory(at: url, withIntermediateDirectories: false)
        return url.path
    }

    // MARK: Showing

    private func show(
        _ server: DemoServer, _ begun: ContinuousClock.Instant, _ isStopped: StopFlag
    ) async throws {
        let traffic = Traffic(now: Int(Date().timeIntervalSince1970))
        var spans = 0
        let requests = try await traffic.send { batch in
            if isStopped.isSet { throw CancellationError() }
            spans += batch.spans
            try await server.take(batch)
        }
        let seconds = Self.seconds(since: begun)
        say(
            """
            A shop's traffic of \(traffic.since): \(requests) requests, \(spans) spans, sent in \(seconds) s.
            At \(traffic.text(0)) one prompt version was deployed to 3 % of it. Which, and what is wrong?

            $ export EVERYSPAN_URL=\(server.url)

            """)
        let example = try DemoLine.Example(
            try await server.get(DemoLine.Example.question(traffic)))
        let name = Shell.quoted(CommandLine.arguments.first ?? "everyspan")
        for line in DemoLine.lines(traffic, example) {
            if isStopped.isSet { return }
            // A pipe would get JSON.
            let format = AskOptions.isTerminal ? "" : " --format text"
            let command = "\(name) \(line.arguments)\(format)"
            say("\n# \(line.purpose)\n$ \(command)\n")
            try await Shell.run(command, environment: ["EVERYSPAN_URL": server.url])
        }
        say("\nFrom the command to the answer: \(Self.seconds(since: begun)) s.\n")
    }

    private static func seconds(since begun: ContinuousClock.Instant) -> String {
        String(format: "%.1f", begun.duration(to: .now) / .seconds(1))
    }

    private func say(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}

/// Whether a signal has asked to stop.
private final class StopFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// Runs lines as a shell does, their answers going where this process's own go.
private enum Shell {
    struct Failed: Error, CustomStringConvertible {
        let command: String
        let status: Int32
        var description: String { "\(command) ended with \(status)" }
    }

    /// A word as a shell reads it.
    static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
        return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    static func run(_ command: String, environment: [String: String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Waiting for it must not hold a thread that the server needs to answer it.
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else { throw Failed(command: command, status: status) }
    }
}
