internal import JSON
internal import Spans
package import Store

/// `/v1/status` as JSON.
package enum StatusJSON {
    package static func body(
        _ status: StoreStatus, version: String, uptimeSeconds: Double, spansPerSecond: Double
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("version", version)
            json.member("uptime_s", uptimeSeconds)
            json.member("spans", status.spans)
            json.member("traces", status.traces)
            json.member("scores", status.scores)
            json.member("bytes", status.partitions.reduce(0) { $0 + $1.bytes })
            json.time("oldest", status.oldest)
            json.time("newest", status.newest)
            json.key("partitions")
            json.array { json in
                for partition in status.partitions {
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
                json.member("backlog_segments", status.backlogSegments)
                json.member("backlog_spans", status.backlogSpans)
                json.member("straddling_traces", status.straddlingTraces)
            }
            json.key("ingest")
            json.object { json in
                json.member("queued_spans", status.queuedSpans)
                json.member("spans_per_s", spansPerSecond)
            }
            json.member("warm_bytes", status.warmBytes)
            json.key("ledger")
            json.object { json in
                for (reason, amount) in status.ledger.counts.sorted(by: {
                    $0.key.rawValue < $1.key.rawValue
                }) {
                    json.member(reason.rawValue, amount)
                }
            }
        }
        json.newline()
        return json.bytes
    }
}
