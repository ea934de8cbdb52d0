internal import Queries

/// What questions answer as `format=json`.
extension Schema {
    static let answers: [(name: String, schema: Schema)] = [
        ("Coverage", coverage),
        ("Slices", slices),
        ("Series", series),
        (
            "Traces",
            .object([
                .always("traces", .list(of: .named("TraceRow"))), cursor, .covered,
            ])
        ),
        (
            "Spans",
            .object([
                .always(
                    "spans", .list(of: .any(of: [.named("Span"), .named("Fields")])),
                    "Whole spans, or the fields that were asked for."), cursor, .covered,
            ])
        ),
        ("Trace", trace), ("TraceBeside", traceBeside), ("Ledger", ledger),
        (
            "Dimensions",
            .object([.always("dimensions", .list(of: .named("Dimension"))), .covered])
        ),
        (
            "DimensionValues",
            .object([
                .always("name", .text), .always("unit", .unit),
                .always("values", .list(of: .named("DimensionValue"))), .always("groups", .count),
                .covered,
            ])
        ),
    ]

    static let ledger = object([
        .always("by", list(of: text)),
        .always("rows", list(of: named("LedgerRow")), "The most first."),
        .always("groups", count, "Rows before the limit."),
        .always("total", count, "All that the filters leave."),
        .always(
            "reasons",
            list(
                of: object([
                    .always("reason", text), .always("count", count),
                    .always("first", time.orNull), .always("last", time.orNull),
                    .always("meaning", text, "What happened, and what became of it."),
                ])), "The same by reason alone."), .covered,
    ])

    private static let coverage = Schema.object([
        .always("from", time.orNull, "As it was understood."),
        .always("to", time.orNull, "As it was understood."),
        .always("oldest", time.orNull, "The oldest start held."),
        .always("newest", time.orNull, "The newest start held."),
        .always("matched", count, "Units that matched."),
        .always("spans", count, "Their spans."),
        .always("open_traces", count, "Matched traces whose root has not come."),
        .always("refused", count, "Spans ever refused."),
        .always("late", count, "Spans that came over ten minutes after their end."),
        .always(
            "dropped_upstream", count, "What the senders' SDKs dropped, over the matched spans."),
        .always("truncated_values", count, "Values ever cut."),
        .sometimes(
            "damaged", count,
            "Segments, files and commits that are missing because the disk damaged them, if there are any."
        ),
        .sometimes(
            "conditions",
            list(
                of: object([
                    .always("text", text), .always("spans", count),
                    .always("closest", list(of: text)),
                ])),
            "Where nothing matched: what each comparison matches alone, and which values or names come close."
        ),
    ]).meaning("What an answer rests on.")

    private static let cursor = Member.always(
        "cursor", text.orNull, "Asks for the next page; null on the last.")

    /// The question, as the answer repeats it.
    private static let question: [Member] = [
        .always("by", list(of: text)), .always("unit", unit), .always("failure", text),
        .always("where", text.orNull),
        .sometimes(
            "vs", object([.always("from", time.orNull), .always("to", time.orNull)]),
            "The other window."),
    ]

    private static let counted: [Member] = [
        .always("groups", count, "Groups that satisfy having, before the limit."),
        .always("failing_groups", count), .covered,
    ]

    private static let slices = object(
        question + [
            .always("rows", list(of: named("SliceRow"))),
            .always("total", named("Figures"), "Each unit once."),
            .always("other", named("Figures").orNull, "What the limit cut, summed."),
        ] + counted)

    private static let series = object(
        question + [
            .sometimes("step", text, "In seconds: 60s. Absent where there is no time to cut."),
            .always("rows", list(of: named("StepRow"))),
            .always("total", named("Figures"), "Each unit once."),
            .always(
                "other", list(of: named("StepRow")).orNull, "The steps of what the limit cut."),
        ] + counted)

    private static let trace = object([
        .always("trace_id", traceID),
        .always(
            "spans", list(of: named("Span")),
            "Children after their parents, in order of their starts."),
        .always("scores", list(of: named("Score"))),
        .sometimes(
            "vs", named("TraceBeside").orNull,
            "With vs=ok: the nearest trace that passed, null if there is none."),
        .covered,
    ])

    private static let traceBeside = object([
        .always("trace_id", traceID),
        .always("first_difference", count.orNull, "Which of the steps, from 0."),
        .always(
            "steps",
            list(
                of: object([
                    .always("span_id", spanID.orNull), .always("other_span_id", spanID.orNull),
                    .always("differs_in", list(of: text)),
                ]))),
        .always("spans", list(of: named("Span"))),
    ])
}

extension Schema.Member {
    static let covered = Self.always("coverage", .named("Coverage"))
}
