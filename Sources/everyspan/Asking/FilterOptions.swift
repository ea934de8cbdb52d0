import ArgumentParser

/// Which units of which time: what all questions take, by the API's names.
struct FilterOptions: ParsableArguments {
    @Option(help: "Look back from now: 15m, 24h, 7d (default: 24h).")
    var since: String?
    @Option(
        parsing: .unconditional,
        help: "From when: RFC 3339, a date, 02:40, -2h or a Unix number.")
    var from: String?
    @Option(parsing: .unconditional, help: "Until when, in the same forms.")
    var to: String?
    @Option(help: "The zone of times, such as Europe/Berlin (default: UTC).")
    var tz: String?
    @Option(name: .customLong("where"), help: "An expression, such as 'failed and tenant = acme'.")
    var condition: String?
    @Option(help: "What a failure is (default: status = error).")
    var failure: String?

    var parameters: [(name: String, value: String?)] {
        [
            ("since", since), ("from", from), ("to", to), ("tz", tz), ("where", condition),
            ("failure", failure),
        ]
    }
}

/// How rows are made and chosen.
struct RowOptions: ParsableArguments {
    @Option(help: "Dimensions to group by, separated by commas.")
    var by: String?
    @Option(help: "What is counted: trace or span (default: trace).")
    var unit: String?
    @Option(help: "Figures, such as 'count,p95(duration),sum(cost)'.")
    var calc: String?
    @Option(help: "A condition over figures, such as 'count >= 100'.")
    var having: String?
    @Option(parsing: .unconditional, help: "The figure to sort by; -figure reverses.")
    var order: String?
    @Option(help: "Rows, or all (default: 20).")
    var limit: String?
    @Option(parsing: .unconditional, help: "Another window beside: previous, 24h, 7d or T1..T2.")
    var vs: String?
    @Flag(help: "Exit with 4 if a row is left.")
    var check = false

    var parameters: [(name: String, value: String?)] {
        [
            ("by", by), ("unit", unit), ("calc", calc), ("having", having), ("order", order),
            ("limit", limit), ("vs", vs), ("check", check ? "1" : nil),
        ]
    }
}

/// Which rows of a list, and what they show.
struct PageOptions: ParsableArguments {
    @Option(help: "What each row shows: dimensions, separated by commas.")
    var fields: String?
    @Option(parsing: .unconditional, help: "start_time or duration; - reverses.")
    var order: String?
    @Option(help: "Rows, up to 1000 (default: 20).")
    var limit: String?
    @Option(parsing: .unconditional, help: "Where the page before ended.")
    var cursor: String?

    var parameters: [(name: String, value: String?)] {
        [("fields", fields), ("order", order), ("limit", limit), ("cursor", cursor)]
    }
}
