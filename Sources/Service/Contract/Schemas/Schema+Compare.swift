internal import Queries

/// What `/v1/compare` answers.
extension Schema {
    static let comparisons: [(name: String, schema: Schema)] = [
        ("Comparison", comparison), ("Finding", finding), ("Findings", findings),
        ("StandingFinding", standingFinding),
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

    private static let finding = Schema.object(
        [
            .always("slice", slice),
            .always("where", .text, "Selects exactly its units."),
            .always("text", .text, "The same in a sentence."),
        ] + figures + [
            .always("first_seen", .time), .always("last_seen", .time),
            .always("onset", onset.orNull, "When its rate jumped; null if it did not."),
            .always("traces", .list(of: traceID), "The newest in the target, three at most."),
            .always("also", .list(of: slice), "Other names of the same units."),
        ])

    private static let figures: [Member] = [
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
    ]

    private static let onset = Schema.object([
        .always("time", .time),
        .always(
            "appeared",
            .list(of: .object([.always("slice", slice), .always("time", .time)])),
            "Values that came up shortly before."),
    ])

    // MARK: The watch

    private static let findings = Schema.object([
        .always("findings", .list(of: .named("StandingFinding")), "Open ones first."),
        .always("count", .count, "Of the states that were asked for, before the limit."),
        .always("open", .count, "Open ones in all."),
        .always("watch", watch.orNull, "What it is set to and did; null if nothing watches."),
        .covered,
    ])

    private static let watch = Schema.object([
        .always("window_s", .count), .always("every_s", .count), .always("unit", .unit),
        .always("failure", .text), .always("having", .text, "What is reported."),
        .always("runs", .count, "Looks since the start."),
        .always("failed_runs", .count, "Looks without an answer."),
        .always(
            "last",
            Schema.object([
                .always("from", .time), .always("to", .time),
                .always("took_s", Schema.number.with("minimum", "0")),
                .always("error", Schema.text.orNull),
            ]).orNull, "The last look."),
    ])

    private static let sighting: [Member] =
        [
            .always("window", .object([.always("from", .time), .always("to", .time)])),
            .always(
                "question", .oneOf(["failing", "worse"]),
                "Whether it fails more than the rest, or more than in the window before."),
        ] + figures

    private static let standingFinding = Schema.object(
        [
            .always("id", .text(matching: "^[0-9a-f]{16}$")),
            .always("state", .oneOf(["open", "resolved"])),
            .always("opened", .time), .always("resolved", Schema.time.orNull),
            .always("last_seen", Schema.time.orNull, "The end of the last window that showed it."),
            .always("slice", slice),
            .always("where", .text, "Selects its traces; empty for all."),
            .always("text", .text, "What was seen last, in a sentence."),
            .always("failure", .text),
        ] + sighting + [
            .always("onset", onset.orNull),
            .always("traces", .list(of: traceID)), .always("also", .list(of: slice)),
            .always(
                "changes",
                .list(
                    of: .object([
                        .always("time", .time),
                        .always("change", .oneOf(["opened", "resolved", "reopened"])),
                    ]))),
            .always(
                "history", .list(of: .object(sighting)),
                "All windows that showed it; of long histories the older part is thinned out."),
        ])
}
