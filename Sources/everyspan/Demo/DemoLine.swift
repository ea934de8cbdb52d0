import Foundation

/// A step of the search: what it is for, and the line that does it.
struct DemoLine {
    let purpose: String
    /// As it is typed, behind the command's name.
    let arguments: String

    /// The way from nothing to see to the one span that says why.
    static func lines(_ traffic: Traffic, _ example: Example) -> [DemoLine] {
        let since = "--since \(traffic.since)"
        let around = "--from \(traffic.text(-70 * 60)) --to \(traffic.text(110 * 60))"
        return [
            DemoLine(
                purpose:
                    "All requests: the error rate rises by two points at most, the latency not at all.",
                arguments:
                    "series --step 3h --calc 'count,failures,failure_rate,p95(duration)' \(since)"),
            DemoLine(
                purpose: "What explains the failures? Nobody has to name a dimension.",
                arguments: "compare --limit 1 \(since)"),
            DemoLine(
                purpose: "The other prompt versions fail as they always do.",
                arguments: "slices --by prompt.version --order failure_rate --limit 5 \(since)"),
            DemoLine(
                purpose: "Since when? It came at 14:10 UTC and failed from the start.",
                arguments: "series --step 30m --where '\(version)' \(around)"),
            DemoLine(
                purpose: "How does it fail? In one way.",
                arguments: "slices --by error.type --where 'failed and \(version)' \(since)"),
            DemoLine(
                purpose: "Which requests of one tenant?",
                arguments:
                    "traces --where 'failed and \(version) and tenant = \(example.tenant)' "
                    + "--fields start_time,locale,error.type,tool.sequence "
                    + "--limit 3 \(since)"),
            DemoLine(
                purpose:
                    "What happened in the last of them, beside the nearest request that passed?",
                arguments: "trace \(example.trace) --beside-ok"),
        ]
    }

    private static let version = "prompt.version = refund-core@\(TrafficRequest.Broken.version)"

    /// A tenant for whom some requests failed and some did not, and one that failed.
    struct Example {
        let tenant: String
        let trace: String

        /// Finds it.
        static func question(_ traffic: Traffic) -> Question {
            Question(
                path: "/v1/slices",
                parameters: [
                    ("by", "tenant"), ("where", version), ("order", "count"), ("limit", "all"),
                    ("since", traffic.since),
                ])
        }

        init(_ answer: String) throws {
            let rows = try JSONDecoder().decode(Answer.self, from: Data(answer.utf8)).rows
            let failing = rows.filter { $0.failures > 0 }
            guard let row = failing.first(where: { $0.failures < $0.count }) ?? failing.first,
                let tenant = row.slice["tenant"], let trace = row.traces.first
            else { throw DemoServer.Refused(body: answer) }
            self.tenant = tenant
            self.trace = String(trace.prefix(12))
        }

        private struct Answer: Decodable {
            struct Row: Decodable {
                let slice: [String: String]
                let count: Int
                let failures: Int
                /// Failing ones first.
                let traces: [String]
            }

            let rows: [Row]
        }
    }
}
