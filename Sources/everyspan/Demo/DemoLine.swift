/// A step of the search: what it is for, and the line that does it.
struct DemoLine {
    let purpose: String
    /// As it is typed, behind the command's name.
    let arguments: String

    /// The way from nothing to see to the one span that says why.
    ///
    /// - Parameter trace: the id of a trace that failed, or enough of it.
    static func lines(_ traffic: Traffic, trace: String) -> [DemoLine] {
        let since = "--since \(traffic.since)"
        let around = "--from \(traffic.text(-70 * 60)) --to \(traffic.text(110 * 60))"
        return [
            DemoLine(
                purpose:
                    "All requests: the error rate rises by two points at most, the latency not at all.",
                arguments:
                    "series --step 3h --calc 'count,failures,failure_rate,p95(duration)' \(since)"),
            DemoLine(
                purpose: "By prompt version one stands out.",
                arguments: "slices --by prompt.version --order failure_rate --limit 5 \(since)"),
            DemoLine(
                purpose: "Since when? It came at 14:10 UTC and failed from the start.",
                arguments: "series --step 30m --where '\(version)' \(around)"),
            DemoLine(
                purpose: "How does it fail? In one way.",
                arguments: "slices --by error.type --where 'failed and \(version)' \(since)"),
            DemoLine(
                purpose: "Which requests of the largest tenant?",
                arguments:
                    "traces --where '\(failing)' --fields start_time,locale,error.type,tool.sequence "
                    + "--limit 3 \(since)"),
            DemoLine(
                purpose:
                    "What happened in the last of them, beside the nearest request that passed?",
                arguments: "trace \(trace) --beside-ok"),
        ]
    }

    private static let version = "prompt.version = refund-core@\(TrafficRequest.Broken.version)"
    private static let failing =
        "failed and \(version) and tenant = \(TrafficWords.largestTenant)"

    /// Finds the trace that the last line opens.
    static func failingTrace(_ traffic: Traffic) -> Question {
        Question(
            path: "/v1/traces",
            parameters: [
                ("where", failing), ("fields", "trace_id"), ("limit", "1"), ("format", "csv"),
                ("since", traffic.since),
            ])
    }
}
