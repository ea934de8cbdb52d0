internal import Queries

/// What `/v1/compare` answers.
extension Schema {
    static let comparisons: [(name: String, schema: Schema)] = [
        ("Comparison", comparison), ("Finding", finding),
    ]

    private static let comparison = Schema.object([
        .always("target", .count, "Units in the target."),
        .always("baseline", .count, "Units that it is held against."),
        .always(
            "explained", Schema.share.orNull,
            "The part of the target that the findings explain together; null of nothing."),
        .always("unexplained", Schema.share.orNull),
        .always("findings", .list(of: .named("Finding")), "What explains most comes first."),
        .always("count", .count, "Findings that satisfy having, before the limit."),
        .always(
            "hypotheses_tested", .count,
            "Slices that could be findings by their margins; no fewer than there are."),
        .always(
            "conjunction_target_min", .count.orNull,
            "Conjunctions with fewer units in the target were not looked at; null if none were."),
        .always(
            "excluded",
            .list(of: .object([.always("dimension", .text), .always("reason", .text)])),
            "Dimensions of which no slices were made."),
        .always("where", Schema.text.orNull), .always("failure", .text), .always("unit", .unit),
        .always(
            "cohorts",
            .object([.always("target", .text), .always("baseline", Schema.text.orNull)])),
        .sometimes(
            "vs",
            .object([.always("from", Schema.time.orNull), .always("to", Schema.time.orNull)]),
            "The window before."),
        .covered,
    ])

    private static let slice = Schema.object([], others: .anything).meaning(
        "By dimension its value, null for none, or a band of its numbers, {gte, lt}; empty for everything."
    )

    private static let finding = Schema.object([
        .always("slice", slice),
        .always("where", .text, "Selects exactly its units."),
        .always("text", .text, "The same in a sentence."),
        .always("target", .count, "Its units in the target."),
        .always("baseline", .count, "Its other units."),
        .always(
            "target_rate", Schema.share.orNull, "Of its units; null beside a baseline of its own."),
        .always("rest_rate", Schema.share.orNull, "Of all others, or with vs its own before."),
        .always("risk_ratio", Schema.number.orNull),
        .always("excess", .number, "Units in the target beyond what rest_rate would give."),
        .always("explained_share", Schema.number.orNull),
        .always("p_value", .share, "0 where it is too small for a double."),
        .always("p_log10", .number), .always("q_value", .share),
        .always("first_seen", .time), .always("last_seen", .time),
        .always(
            "onset",
            Schema.object([
                .always("time", .time),
                .always(
                    "appeared",
                    .list(of: .object([.always("slice", slice), .always("time", .time)])),
                    "Values that came up shortly before."),
            ]).orNull, "When its rate jumped; null if it did not."),
        .always("traces", .list(of: traceID), "The newest in the target, three at most."),
        .always("also", .list(of: slice), "Other names of the same units."),
    ])
}
