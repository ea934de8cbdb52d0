internal import Spans

extension Schema {
    static let status = object([
        .always("version", text), .always("uptime_s", number), .always("spans", count),
        .always("traces", count), .always("scores", count),
        .always("bytes", count, "On disk."), .always("oldest", time.orNull),
        .always("newest", time.orNull),
        .always(
            "partitions",
            list(
                of: object([
                    .always("name", text), .always("spans", count), .always("segments", count),
                    .always("bytes", count),
                ]))),
        .always(
            "merge",
            object([
                .always("backlog_segments", count), .always("backlog_spans", count),
                .always("uncounted_spans", count),
                .always("straddling_traces", count, "Traces with spans in several segments."),
            ])),
        .always(
            "ingest",
            object([
                .always("queued_spans", count),
                .always("spans_per_s", number.with("minimum", "0")),
            ])),
        .always("warm_bytes", count, "Decoded columns kept in memory."),
        .always(
            "ledger",
            object(LedgerReason.allCases.map { .sometimes($0.rawValue, count, $0.meaning) }),
            "What was refused, repaired, late or doubled, by reason."),
    ])
}
