/// Spans and scores, as answers write them.
extension Schema {
    static let spans: [(name: String, schema: Schema)] = [
        ("Span", span), ("Score", score),
        (
            "TailSpan",
            any(of: [named("Span"), named("Fields"), object([.always("skipped", count)])]).meaning(
                "A span, or how many were skipped since the reader was too slow.")
        ),
        (
            "TracesData",
            object([.always("resourceSpans", list(of: attributes))]).meaning(
                "OTLP's TracesData (opentelemetry.io/docs/specs/otlp).")
        ),
    ]

    static let kinds = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"]

    private static let span = object(
        [
            .always("trace_id", traceID), .always("span_id", spanID),
            .sometimes("parent_span_id", spanID), .always("name", text),
            .always("kind", oneOf(kinds)), .always("start_time_unix_nano", unixNano),
            .always("end_time_unix_nano", unixNano), .always("start_time", time),
            .always("duration_ms", number.with("minimum", "0")),
            .always("status", oneOf(["ok", "error", "unset"])), .sometimes("status_message", text),
            .sometimes("trace_state", text), .sometimes("flags", count),
            .sometimes(
                "marks",
                list(
                    of: oneOf([
                        "time_missing", "start_missing", "unfinished", "end_before_start",
                        "far_future", "parent_dropped", "ids_generated",
                    ])), "What was odd about it."),
            .sometimes("attributes", attributes, "Attributes whose keys mean something else here."),
            .sometimes("events", list(of: event)), .sometimes("links", list(of: link)),
            .sometimes("resource", attributes), .sometimes("scope", attributes),
            .always(
                "dimensions", attributes,
                "Canonical dimensions, its own and inherited ones: a value, or a list of them."),
        ], others: anything
    ).meaning("All other members are the span's attributes.")

    private static let event = object([
        .always("name", text), .always("time_unix_nano", unixNano),
        .always("attributes", attributes),
    ])

    private static let link = object([
        .always("trace_id", traceID), .always("span_id", spanID),
        .always("attributes", attributes),
    ])

    private static let score = object([
        .always("name", text), .always("value", number.orNull), .always("label", text.orNull),
        .always("comment", text), .always("source", text), .always("by", text),
        .always("time", time), .sometimes("span_id", spanID, "Absent on scores of the trace."),
        .sometimes("response_id", text), .sometimes("error_type", text),
    ])
}
