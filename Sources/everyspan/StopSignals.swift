import Dispatch
import Foundation

/// Waits for the signals that ask a service to stop.
struct StopSignals: Sendable {
    private let stream: AsyncStream<String>

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        self.stream = stream
        for (number, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
            // Dispatch sees a signal only where its default action is off.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The handler keeps the source: it watches as long as the process lives.
            source.setEventHandler {
                withExtendedLifetime(source) { _ = continuation.yield(name) }
            }
            source.resume()
        }
    }

    /// The name of the first that comes.
    func wait() async -> String {
        for await name in stream { return name }
        return "end"
    }
}
