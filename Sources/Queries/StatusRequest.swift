internal import JSON
internal import Spans
package import Store

/// How the service and what it holds are.
package struct StatusReport: Sendable {
    let store: StoreStatus
    let version: String
    let uptimeSeconds: Double
    let spansPerSecond: Double

    package init(
        _ store: StoreStatus, version: String, uptimeSeconds: Double, spansPerSecond: Double
    ) {
        self.store = store
        self.version = version
        self.uptimeSeconds = uptimeSeconds
        self.spansPerSecond = spansPerSecond
    }

    var bytes: Int { store.partitions.reduce(0) { $0 + $1.bytes } }

    /// By reason.
    var ledger: [(reason: String, amount: Int)] {
        store.ledger.counts.map { ($0.key.rawValue, $0.value) }.sorted { $0.0 < $1.0 }
    }
}

/// `/v1/status`: how it is to be written.
package struct StatusRequest: Sendable {
    package let format: RowFormat
    private let width: Int

    package static let parameters: [Parameter] = [formats, .width]
    private static let formats = Parameter(
        "format", "json, or text for a terminal.", .oneOf(["json", "text"]), standard: "json")

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        let text = try parameters.choice(Self.formats)
        format = text == "text" ? .text : .json
        width = try parameters.width()
    }

    package func body(_ report: StatusReport) -> [UInt8] {
        if format == .text { return StatusText(report, width: width).bytes }
        return report.json
    }
}

extension StatusReport {
    fileprivate var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("version", version)
            json.member("uptime_s", uptimeSeconds)
            json.member("spans", store.spans)
            json.member("traces", store.traces)
            json.member("scores", store.scores)
            json.member("bytes", bytes)
            json.time("oldest", store.oldest)
            json.time("newest", store.newest)
            json.key("partitions")
            json.array { json in
                for partition in store.partitions {
                    json.object { json in
                        json.member("name", partition.name)
                        json.member("spans", partition.spans)
                        json.member("segments", partition.segments)
                        json.member("bytes", partition.bytes)
                    }
                }
            }
            json.key("merge")
            json.object { json in
                json.member("backlog_segments", store.backlogSegments)
                json.member("backlog_spans", store.backlogSpans)
                json.member("uncounted_spans", store.uncountedSpans)
                json.member("straddling_traces", store.straddlingTraces)
            }
            json.key("ingest")
            json.object { json in
                json.member("queued_spans", store.queuedSpans)
                json.member("spans_per_s", spansPerSecond)
            }
            json.member("warm_bytes", store.warmBytes)
            json.key("ledger")
            json.object { json in
                for (reason, amount) in ledger { json.member(reason, amount) }
            }
        }
        json.newline()
        return json.bytes
    }
}
