internal import HTTP
internal import Synchronization

/// Counts requests since the process started, for `/metrics`. Nothing is ever counted back.
final class RequestMetrics: Sendable {
    /// What tells requests apart. Routes, methods and classes are few, whatever clients send.
    struct Kind: Hashable, Comparable, Sendable {
        var route: String
        var method: String

        static func < (a: Kind, b: Kind) -> Bool { (a.route, a.method) < (b.route, b.method) }
    }

    /// How long requests of a kind took.
    struct Latency: Sendable {
        /// By upper bound, each request in one; the last one has none.
        var buckets = [Int](repeating: 0, count: RequestMetrics.bounds.count + 1)
        var seconds = 0.0
        var count: Int { buckets.reduce(0, +) }
    }

    struct Counts: Sendable {
        /// By the first digit of the status.
        var answers: [Kind: [Int: Int]] = [:]
        var latencies: [Kind: Latency] = [:]
        /// Bytes of bodies as they were sent, by route.
        var bodyBytes: [String: Int] = [:]
        /// Requests whose client had gone before they were answered, by route.
        var abandoned: [String: Int] = [:]
        /// Requests that were refused before they reached a route, by the first digit of the status.
        var refused: [Int: Int] = [:]
    }

    /// Upper bounds in seconds: a small query takes milliseconds, the longest 30 s.
    static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "OPTIONS"]

    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }

    /// - Parameter route: as the table of routes spells it.
    func count(
        _ head: RequestHead, route: String, status: Int, seconds: Double, bodyBytes: Int,
        isAbandoned: Bool
    ) {
        let method = Self.methods.contains(head.method) ? head.method : "other"
        let kind = Kind(route: route, method: method)
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { counts in
            counts.answers[kind, default: [:]][status / 100, default: 0] += 1
            counts.latencies[kind, default: Latency()].buckets[bucket] += 1
            counts.latencies[kind, default: Latency()].seconds += seconds
            if isAbandoned { counts.abandoned[route, default: 0] += 1 }
            if bodyBytes > 0 { counts.bodyBytes[route, default: 0] += bodyBytes }
        }
    }

    func countRefused(status: Int) {
        state.withLock { $0.refused[status / 100, default: 0] += 1 }
    }
}
