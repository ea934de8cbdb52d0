internal import Spans
internal import Store

/// The rows of answers.
extension Schema {
    static let rows: [(name: String, schema: Schema)] = [
        ("Figures", object(figures + beside, others: named("Figure"))),
        ("EarlierFigures", object(figures, others: named("Figure"))),
        (
            "Figure",
            any(of: [
                number, Schema.time, Schema.null,
                list(
                    of: object([
                        .always("gte", number), .always("lt", number), .always("count", count),
                    ])),
            ]).meaning(
                "A number; a time, of start_time; null of nothing; of a histogram its counts.")
        ),
        ("SliceRow", sliceRow), ("LedgerRow", ledgerRow),
        ("StepRow", stepRow),
        (
            "TraceRow",
            object(
                [
                    .always("trace_id", traceID), .always("failed", flag), .always("spans", count),
                ], others: anything
            ).meaning(
                "Each field under its name, with the values that the trace's spans have: null, one, or a list."
            )
        ),
        (
            "Fields",
            object([], others: anything).meaning(
                "Each field under its name: null, a value, or a list.")
        ),
        (
            "Dimension",
            object([
                .always("name", text),
                .always(
                    "type",
                    oneOf(["string", "number", "boolean", "bytes", "json", "mixed", "unknown"])),
                .always("list", flag, "Whether some span has several values."),
                .always("count", count, "Spans that have a value."),
                .always(
                    "distinct", count.orNull, "Distinct values; null where they were not counted."),
                .always("canonical", flag),
                .always("sources", list(of: text), "The raw keys that feed it."),
            ])
        ),
        (
            "DimensionValue",
            object([
                .always("value", anything), .always("count", count), .always("failures", count),
                .always("failure_rate", share.orNull),
            ])
        ),
        (
            "FlatRow",
            object([], others: anything).meaning(
                "A row without nesting: dimensions and figures under their names, those of another window under before_…."
            )
        ),
    ]

    private static let ledgerRow = object([
        .sometimes("reason", oneOf(LedgerReason.allCases.map(\.rawValue))),
        .sometimes("tenant", text.orNull, "That the span itself says."),
        .sometimes("service", text.orNull, "That the span itself says."),
        .sometimes("key", text.orNull, "The attribute's, or the field's name."),
        .always("count", count),
        .always("first", time.orNull, "When it was received first, as far as that is known."),
        .always("last", time.orNull),
        .always("other", flag, "Beyond the lines that are kept: tenant, service and key are open."),
    ]).meaning("It has those of reason, tenant, service and key that by names.")

    /// Those that `calc` knows by a name of their own. All others are under the text that asked for them.
    private static let figures: [Member] = NamedFigure.standard.map { named in
        let schema: Schema =
            switch named.figure {
            case .count, .failures, .unpricedCalls: count
            case .failureRate, .failureRateLow, .failureRateHigh: share.orNull
            // A unit counts in each group of a list: `other` may have more than there is.
            case .share, .shareOfFailures: number.with("minimum", "0").orNull
            default: number.orNull
            }
        return .sometimes(named.name, schema)
    }

    private static let beside: [Member] = [
        .sometimes("before", named("EarlierFigures"), "With vs: the figures of the other window."),
        .sometimes(
            "p_value", share.orNull,
            "With vs: how likely a change of the failure rate this large is by chance."),
    ]

    private static let slice = object([], others: anything).meaning(
        "The value of each dimension of by.")

    private static let sliceRow = object(
        [
            .always("slice", slice), .always("where", text, "Selects exactly this row."),
        ] + figures + beside + [
            .always(
                "traces", list(of: traceID), "Up to three, failing ones first, then the newest.")
        ], others: named("Figure"))

    private static let stepRow = object(
        [
            .always("time", time, "When the step begins."), .sometimes("slice", slice),
        ] + figures + beside + [
            .sometimes("partial", flag, "true where the range cuts the step.")
        ], others: named("Figure"))
}
