internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store

/// `GET /metrics`: the service itself, for Prometheus.
enum MetricsRoute {
    static func metrics(_ request: Request, _ service: Service) async throws -> Response {
        var text = PrometheusText()
        text.begin("everyspan_build_info", .gauge, "Which build this is.")
        text.sample("everyspan_build_info", ["version": service.settings.version], 1)
        let uptime = service.started.duration(to: .now) / .seconds(1)
        text.add("everyspan_uptime_seconds", .gauge, "Since the service started.", uptime)
        write(try await service.store.status(), &text)
        text.add(
            "everyspan_ingested_spans_total", .counter,
            "Spans taken in since the start, duplicates among them.", Double(service.rate.total))
        if let report = await service.watch?() { write(report, &text) }
        write(
            try await service.store.findings(FindingsQuery(isOpen: true, hasHistory: false)), &text)
        write(service.requests.counts, &text)
        write(ProcessFigures(), &text)
        var response = Response.text(text.text)
        response.fields[.contentType] = "text/plain; version=0.0.4; charset=utf-8"
        return response
    }

    private static func write(_ status: StoreStatus, _ text: inout PrometheusText) {
        let bytes = status.partitions.reduce(0) { $0 + $1.bytes }
        let segments = status.partitions.reduce(0) { $0 + $1.segments }
        for (name, help, value) in [
            ("everyspan_spans", "Spans held.", status.spans),
            ("everyspan_traces", "Traces held.", status.traces),
            ("everyspan_partitions", "Files of a day each.", status.partitions.count),
            ("everyspan_segments", "Segments in all partitions.", segments),
            ("everyspan_stored_bytes", "Bytes on disk of all partitions.", bytes),
            (
                "everyspan_merge_backlog_segments", "Small segments that wait to be merged.",
                status.backlogSegments
            ),
            (
                "everyspan_merge_backlog_spans", "Spans in segments that wait to be merged.",
                status.backlogSpans
            ),
            (
                "everyspan_straddling_traces", "Traces with spans in several segments.",
                status.straddlingTraces
            ),
            ("everyspan_queued_spans", "Spans that wait for their commit.", status.queuedSpans),
            ("everyspan_warm_bytes", "Decoded columns kept in memory.", status.warmBytes),
        ] { text.add(name, .gauge, help, Double(value)) }
        for (name, help, time) in [
            ("everyspan_oldest_span_timestamp_seconds", "Oldest start held.", status.oldest),
            ("everyspan_newest_span_timestamp_seconds", "Newest start held.", status.newest),
        ] {
            if let time { text.add(name, .gauge, help, Double(time) / 1e9) }
        }
        // A gauge: what a partition counted goes with it when it is removed.
        text.begin(
            "everyspan_ledger", .gauge,
            "What was refused, repaired, late or doubled, of what is held.")
        for reason in LedgerReason.allCases {
            text.sample(
                "everyspan_ledger", ["reason": reason.rawValue], Double(status.ledger[reason]))
        }
    }

    private static func write(_ report: WatchReport, _ text: inout PrometheusText) {
        text.begin("everyspan_watch_looks_total", .counter, "Looks of the watch.")
        text.sample("everyspan_watch_looks_total", ["result": "answered"], Double(report.runs))
        text.sample("everyspan_watch_looks_total", ["result": "failed"], Double(report.failedRuns))
        text.begin("everyspan_watch_events_total", .counter, "Events for the webhook.")
        text.sample("everyspan_watch_events_total", ["result": "told"], Double(report.told))
        text.sample("everyspan_watch_events_total", ["result": "given_up"], Double(report.untold))
        guard let last = report.last else { return }
        text.add(
            "everyspan_watch_last_look_timestamp_seconds", .gauge,
            "Where the window of the last look ended.", Double(last.to) / 1e9)
        text.add(
            "everyspan_watch_last_look_duration_seconds", .gauge, "How long the last look took.",
            last.seconds)
    }

    /// A gauge for each open finding. Its id does not change while it is open; its slice may.
    private static func write(_ findings: [StandingFinding], _ text: inout PrometheusText) {
        text.add(
            "everyspan_findings_open", .gauge, "Open findings of the watch.",
            Double(findings.count))
        for (name, help, value) in [
            (
                "everyspan_finding_excess",
                "Failures beyond what others have, in the newest window that shows it.",
                \FindingFigures.excess
            ),
            (
                "everyspan_finding_failure_rate", "Share of the slice that failed, in that window.",
                \FindingFigures.rate
            ),
        ] as [(String, String, KeyPath<FindingFigures, Double>)] {
            text.begin(name, .gauge, help)
            for finding in findings {
                guard let latest = finding.latest else { continue }
                text.sample(
                    name, ["id": finding.id, "slice": finding.condition],
                    latest.figures[keyPath: value])
            }
        }
    }

    private static func write(_ counts: RequestMetrics.Counts, _ text: inout PrometheusText) {
        let total = "everyspan_http_requests_total"
        text.begin(total, .counter, "Requests answered, by the class of their status.")
        for (kind, answers) in counts.answers.sorted(by: { $0.key < $1.key }) {
            for (digit, count) in answers.sorted(by: { $0.key < $1.key }) {
                text.sample(
                    total, ["route": kind.route, "method": kind.method, "code": "\(digit)xx"],
                    Double(count))
            }
        }
        let refused = "everyspan_http_refused_requests_total"
        text.begin(
            refused, .counter, "Requests refused before a route saw them: malformed, too large.")
        for digit in 4...5 {
            text.sample(refused, ["code": "\(digit)xx"], Double(counts.refused[digit] ?? 0))
        }
        let abandoned = "everyspan_http_abandoned_requests_total"
        text.begin(
            abandoned, .counter,
            "Requests whose client had gone before they were answered; the work on them is stopped."
        )
        for (route, count) in counts.abandoned.sorted(by: { $0.key < $1.key }) {
            text.sample(abandoned, ["route": route], Double(count))
        }
        let bytes = "everyspan_http_request_body_bytes_total"
        text.begin(bytes, .counter, "Bytes of bodies as they were sent.")
        for (route, count) in counts.bodyBytes.sorted(by: { $0.key < $1.key }) {
            text.sample(bytes, ["route": route], Double(count))
        }
        writeLatencies(counts, &text)
    }

    private static func writeLatencies(
        _ counts: RequestMetrics.Counts, _ text: inout PrometheusText
    ) {
        let name = "everyspan_http_request_duration_seconds"
        text.begin(name, .histogram, "From a request's last byte to its answer.")
        for (kind, latency) in counts.latencies.sorted(by: { $0.key < $1.key }) {
            var sum = 0
            for (index, count) in latency.buckets.enumerated() {
                sum += count
                let bound =
                    index < RequestMetrics.bounds.count ? "\(RequestMetrics.bounds[index])" : "+Inf"
                text.sample(
                    name + "_bucket", ["route": kind.route, "method": kind.method, "le": bound],
                    Double(sum))
            }
            text.sample(
                name + "_sum", ["route": kind.route, "method": kind.method], latency.seconds)
            text.sample(name + "_count", ["route": kind.route, "method": kind.method], Double(sum))
        }
    }

    private static func write(_ process: ProcessFigures, _ text: inout PrometheusText) {
        for (name, kind, help, value) in [
            (
                "process_cpu_seconds_total", .counter, "CPU time of the process.",
                process.cpuSeconds
            ),
            (
                "process_resident_memory_bytes", .gauge, "Memory that is held.",
                process.residentBytes
            ),
            (
                "process_virtual_memory_bytes", .gauge, "Address space in use.",
                process.virtualBytes
            ),
            (
                "process_start_time_seconds", .gauge, "When the process started, Unix time.",
                process.startTime
            ),
            ("process_open_fds", .gauge, "Open descriptors.", process.openFiles),
            ("process_max_fds", .gauge, "Descriptors that may be open.", process.openFilesMax),
        ] as [(String, PrometheusText.Kind, String, Double?)] {
            if let value { text.add(name, kind, help, value) }
        }
    }
}

extension FindingFigures {
    fileprivate var rate: Double { targetRate ?? 0 }
}
