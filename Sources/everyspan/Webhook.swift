import Dispatch
import Foundation
import Queries
import Store
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
        let process = Process()
        let configuration = configuration(event, body)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { answer in
                // It blocks its thread, so it stays off the cooperative pool.
                DispatchQueue.global().async {
                    answer.resume(returning: Self.run(process, configuration))
                }
            }
        } onCancel: {
            if process.isRunning { process.terminate() }
        }
    }

    private func configuration(_ event: FindingEvent, _ body: String) -> String {
        """
        url = \(Self.quoted(url))
        header = "Content-Type: application/json"
        header = "Idempotency-Key: \(event.finding.id)-\(event.number)"
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
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func run(_ process: Process, _ configuration: String) -> Delivery {
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "--config", "-"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
            // The address may be a secret: it stands where no other user sees it.
            try input.fileHandleForWriting.write(contentsOf: Data(configuration.utf8))
            try input.fileHandleForWriting.close()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return delivery(
                exit: process.terminationStatus, String(decoding: text, as: UTF8.self))
        } catch {
            return .failed("curl cannot be run: \(error.localizedDescription)")
        }
    }

    /// - Parameter output: what curl complains about, then the status.
    static func delivery(exit: Int32, _ output: String) -> Delivery {
        let status = Int(output.suffix(3)) ?? 0
        let complaint = output.dropLast(3).trimmingCharacters(in: .whitespacesAndNewlines)
        switch status {
        case 200..<300: return .delivered
        // Too slow, too early, too often: another time it may be taken.
        case 408, 425, 429, 500...: return .failed("status \(status)")
        case 300..<500: return .refused("status \(status)")
        default: return .failed(complaint.isEmpty ? "curl ends with \(exit)" : complaint)
        }
    }
}
