internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Store
internal import Synchronization

/// Says how the service itself is.
enum StatusRoutes {
    static func status(_ request: Request, _ service: Service) async throws -> Response {
        let status = try StatusRequest(try QueryRoutes.parameters(request))
        let uptime = service.started.duration(to: .now) / .seconds(1)
        let report = StatusReport(
            try await service.store.status(), version: service.settings.version,
            uptimeSeconds: uptime.rounded(), spansPerSecond: service.rate.perSecond)
        return .query(status.body(report), status.format.contentType)
    }

    /// The process lives and answers.
    static func health(_ request: Request, _ service: Service) -> Response { .text("ok\n") }

    /// Spans can be taken. While the service stops they should go elsewhere.
    static func readiness(_ request: Request, _ service: Service) -> Response {
        service.accepts ? .text("ready\n") : .text("stopping\n", .serviceUnavailable)
    }
}

/// How many spans came in each of the last seconds.
final class IngestRate: Sendable {
    private static let seconds = 10

    private struct State {
        var counts = [Int](repeating: 0, count: IngestRate.seconds)
        var second = 0
        var total = 0
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    func count(_ spans: Int) {
        state.withLock { state in
            advance(&state)
            state.counts[state.second % Self.seconds] += spans
            state.total += spans
        }
    }

    /// Since the start.
    var total: Int { state.withLock { $0.total } }

    /// Over the last ten seconds.
    var perSecond: Double {
        state.withLock { state in
            advance(&state)
            return Double(state.counts.reduce(0, +)) / Double(Self.seconds)
        }
    }

    private func advance(_ state: inout State) {
        let now = Int(start.duration(to: .now) / .seconds(1))
        for second in (state.second + 1)..<max(state.second + 2, now + 1) where second <= now {
            state.counts[second % Self.seconds] = 0
        }
        state.second = now
    }
}
