extension Schema {
    /// Those that have a name, by which others refer to them.
    static let named: [(name: String, schema: Schema)] =
        errors + answers + comparisons + rows + spans + ingest + [("Status", status)]

    private static let errors: [(name: String, schema: Schema)] = [
        (
            "Error",
            .object([
                .always(
                    "error",
                    .object([
                        .always(
                            "code", .text, "For programs: bad_expression, unknown_parameter, …"),
                        .always(
                            "message", .text, "For people: what is wrong, and what would be right."),
                        .sometimes(
                            "position", .count,
                            "Characters before the place in the text that is wrong."),
                    ]))
            ])
        ),
        (
            "RPCStatus",
            .object([
                .always("code", .integer, "Of google.rpc.Code."), .always("message", .text),
            ]).meaning("A google.rpc.Status, the shape of OTLP's errors.")
        ),
    ]
}

// What many schemas are made of.
extension Schema {
    static let traceID = Schema.text(matching: "^[0-9a-f]{32}$")
    static let spanID = Schema.text(matching: "^[0-9a-f]{16}$")
    /// Nanoseconds as text: not every reader of JSON keeps 64 bits of a number.
    static let unixNano = Schema.text(matching: "^[0-9]+$")
    static let attributes = Schema.object([], others: .anything)
    static let unit = Schema.oneOf(["trace", "span"])
}
