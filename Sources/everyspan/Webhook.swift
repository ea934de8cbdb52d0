import Dispatch
import Foundation
import Queries
import Store
import Synchronization
import Watch

/// Posts the watch's events to an address, by curl: it knows TLS and proxies, and only who wants a webhook needs it.
struct Webhook: Sendable {
    private let url: String

    /// Of one attempt; the watch tries again.
    private static let secondsMax = 10
    /// curl reads no longer line of its configuration.
    private static let lineBytesMax = 100_000

    /// - Returns: nil if the address is none that events can be posted to.
    init?(url: String) {
        let isWeb = url.hasPrefix("http://") || url.hasPrefix("https://")
        guard isWeb, URLComponents(string: url)?.host?.isEmpty == false,
            !url.unicodeScalars.contains(where: { $0.value <= 32 || $0.value == 127 })
        else { return nil }
        self.url = url
    }

    func tell(_ event: FindingEvent) async -> Delivery {
        let body = Self.quoted(String(decoding: event.json, as: UTF8.self))
        guard body.utf8.count < Self.lineBytesMax else {
            return .refused("\(body.utf8.count) bytes are more than is sent")
        }
        let curl = CurlRun()
        let configuration = configuration(event, body)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                // It blocks its thread, so it stays off the cooperative pool.
                DispatchQueue.global().async {
                    answer.resume(returning: Self.delivery(curl, configuration))
                }
            }
        } onCancel: {
            curl.cancel()
        }
    }

    private func configuration(_ event: FindingEvent, _ body: String) -> String {
        """
        url = \(Self.quoted(url))
        header = "Content-Type: application/json"
        header = "Idempotency-Key: \(event.id)"
        user-agent = "everyspan/\(Everyspan.version)"
        data-raw = \(body)
        max-time = \(Self.secondsMax)
        output = "/dev/null"
        write-out = "%{http_code}"
        globoff
        silent
        show-error

        """
    }

    /// As curl's configuration has it, in which a line ends only where it is written.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        // Scalars: a quote with an accent is one Character, but curl ends there.
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    private static func delivery(_ curl: CurlRun, _ configuration: String) -> Delivery {
        do {
            let (exit, output) = try curl.run(configuration)
            return delivery(exit: exit, output)
        } catch {
            return .failed("curl cannot be run: \(error.localizedDescription)")
        }
    }

    /// - Parameter output: what curl complains about, then the status; or what `env` complains about.
    static func delivery(exit: Int32, _ output: String) -> Delivery {
        let digits = output.suffix(3)
        let status = digits.allSatisfy(\.isNumber) ? Int(digits) : nil
        let complaint = (status == nil ? output : String(output.dropLast(3)))
            .trimmingCharacters(in: .whitespacesAndNewlines)
        switch status ?? 0 {
        case 200..<300: return .delivered
        // Too slow, too early, too often: another time it may be taken.
        case 408, 425, 429, 500...: return .failed("status \(digits)")
        case 300..<500: return .refused("status \(digits)")
        default: return .failed(complaint.isEmpty ? "curl ends with \(exit)" : complaint)
        }
    }
}

/// One run of curl, which another thread may end.
private final class CurlRun: Sendable {
    private struct State {
        var isCancelled = false
        /// While it runs.
        var process: Int32?
    }

    private let state = Mutex(State())

    /// - Returns: how it ended, and what it wrote.
    func run(_ configuration: String) throws -> (exit: Int32, output: String) {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Whoever runs the server may have a configuration of curl that writes the address into the output.
        process.arguments = ["curl", "--disable", "--config", "-"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            try process.run()
            state.process = process.processIdentifier
        }
        // The address may be a secret: it stands where no other user sees it. What ends before it has read all says why.
        try? input.fileHandleForWriting.write(contentsOf: Data(configuration.utf8))
        try? input.fileHandleForWriting.close()
        let text = (try? output.fileHandleForReading.readToEnd()) ?? nil
        process.waitUntilExit()
        state.withLock { $0.process = nil }
        return (process.terminationStatus, String(decoding: text ?? Data(), as: UTF8.self))
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            // The server ignores SIGTERM, and so does what it starts.
            if let process = state.process { _ = kill(process, SIGKILL) }
        }
    }
}
