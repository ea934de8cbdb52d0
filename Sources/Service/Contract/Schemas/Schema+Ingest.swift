/// What is sent, and the replies to it.
extension Schema {
    static let ingest: [(name: String, schema: Schema)] = [
        ("NativeSpan", nativeSpan), ("NativeScore", nativeScore), ("Receipt", receipt),
        ("Explanation", explanation),
        (
            "ExportReply",
            object([
                .sometimes(
                    "partialSuccess",
                    object([
                        .sometimes("rejectedSpans", unixNano),
                        .sometimes("rejectedLogRecords", unixNano),
                        .sometimes("rejectedDataPoints", unixNano), .always("errorMessage", text),
                    ]), "If some were refused: how many, and the first reason.")
            ])
        ),
    ]

    /// One, a list, or a list under a name.
    static func bodies(of element: String, under name: String) -> Schema {
        any(of: [
            named(element), list(of: named(element)),
            object([.always(name, list(of: named(element)))]),
        ])
    }

    private static let nativeSpan = object(
        [
            .sometimes("trace_id", text(matching: "^[0-9A-Fa-f]{32}$"), "Made up where missing."),
            .sometimes("span_id", text(matching: "^[0-9A-Fa-f]{16}$"), "Made up where missing."),
            .sometimes("parent_span_id", text(matching: "^[0-9A-Fa-f]{16}$")),
            .sometimes("name", text),
            .sometimes(
                "kind", text,
                kinds.joined(separator: " ")
                    + ", or a word such as LLM or TOOL, which sets operation.kind."),
            .sometimes("start_time_unix_nano", any(of: [count, unixNano])),
            .sometimes("end_time_unix_nano", any(of: [count, unixNano])),
            .sometimes("start_time", time), .sometimes("end_time", time),
            .sometimes(
                "duration_ms", number.with("minimum", "0"),
                "With one of the times, or alone: the span ended when it was received."),
            .sometimes("status", text, "OK ERROR UNSET, in any case."),
            .sometimes("status_message", text), .sometimes("events", list(of: attributes)),
            .sometimes("links", list(of: attributes)),
            .sometimes("resource", attributes, "What sent the span."),
            .sometimes("scope", attributes, "Its instrumentation: name, version, attributes."),
            .sometimes("attributes", attributes, "Attributes whose names are in this list."),
        ], others: anything
    ).meaning("All other members are attributes; nested objects are flattened with dots.")

    private static let nativeScore = object([
        .sometimes("trace_id", text(matching: "^[0-9A-Fa-f]{32}$")),
        .sometimes(
            "span_id", text(matching: "^[0-9A-Fa-f]{16}$"), "Absent: the score is of the trace."),
        .sometimes("response_id", text, "In place of both: the span whose model response this is."),
        .always("name", text), .sometimes("value", any(of: [number, flag])),
        .sometimes("label", text), .sometimes("comment", text), .sometimes("source", text),
        .sometimes("by", text, "The same target, name and by again replaces the score."),
        .sometimes("time", any(of: [time, number]), "That of receipt where missing."),
    ]).closed.meaning("It has a value, a label, or both.")

    private static let refusals: [Member] = [
        .always("rejected_count", count),
        .always(
            "rejected",
            list(of: object([.always("index", count), .always("reason", text)])),
            "The first hundred."),
    ]

    private static let explanation = object(
        [.always("stored", flag), .always("accepted", count)] + refusals + [
            .always(
                "spans",
                list(
                    of: object([
                        .always(
                            "dimensions",
                            object(
                                [],
                                others: object([
                                    .always("value", anything), .always("from", text),
                                ])), "Those that have a value, and the key that it is from."),
                        .always(
                            "keys",
                            list(
                                of: object([
                                    .always("key", text), .always("feeds", list(of: text)),
                                    .sometimes("hint", text),
                                ]))),
                    ])), "The first hundred.")
        ]
    ).meaning("With explain=1: how each key would be read.")

    private static let receipt = object(
        [.always("accepted", count), .always("duplicates", count)] + refusals + [
            .always(
                "ids",
                list(of: object([.always("trace_id", traceID), .always("span_id", spanID)])),
                "Those that were made up.")
        ])
}
