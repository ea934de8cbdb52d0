internal import Store

/// A parameter that a route takes. Routes refuse all others, and `/openapi.json` is written from these.
package struct Parameter: Sendable {
    /// What its value may be.
    package enum Values: Sendable, Equatable {
        case text
        /// Several of them, separated by commas.
        case list
        /// One of these.
        case oneOf([String])
        case number(ClosedRange<Int>)
        /// So many hexadecimal digits.
        case hexadecimal(ClosedRange<Int>)
        /// A number from 1 on, or `all`.
        case countOrAll
    }

    package let name: String
    /// What it is for, in a sentence.
    package let meaning: String
    package let values: Values
    /// The value that an absent one stands for, if it stands for one.
    package let standard: String?
    package let examples: [String]

    package init(
        _ name: String, _ meaning: String, _ values: Values = .text, standard: String? = nil,
        examples: [String] = []
    ) {
        self.name = name
        self.meaning = meaning
        self.values = values
        self.standard = standard
        self.examples = examples
    }
}

extension Parameter {
    // MARK: Which units of which time

    static let since = Parameter(
        "since", "From so long ago until now; not together with from or to.", standard: "24h",
        examples: ["15m", "24h", "7d"])
    static let from = Parameter(
        "from",
        "Start times from here on: RFC 3339, a date, a time of day (the last past one), -2h, now-2h, or "
            + "a Unix number (seconds to nanoseconds, by its size). 0 is the first span.",
        examples: ["2026-11-18T02:40:00Z", "02:40", "-2h", "0"])
    static let to = Parameter(
        "to", "Start times before this, written as in from. Without it there is no upper bound.",
        examples: ["2026-11-18", "now"])
    static let zone = Parameter(
        "tz", "The zone of times that carry no offset, and of those that a terminal shows.",
        standard: "UTC", examples: ["Europe/Berlin"])
    static let condition = Parameter(
        "where", "An expression: which units are meant. Without it all of them.",
        examples: ["failed and tenant = acme", "duration > 2s and prompt.text contains \"refund\""])
    static let failure = Parameter(
        "failure",
        "The expression that says what a failure is; `failed` stands for it in other expressions.",
        standard: "status = error", examples: ["score.thumbs = 0"])

    /// Those that say which units of which time.
    package static let common = [since, from, to, zone, condition, failure]

    // MARK: What is made of them

    static let unit = Parameter(
        "unit", "What is counted: requests, or their spans.", .oneOf(["trace", "span"]),
        standard: "trace")
    static let by = Parameter(
        "by", "Dimensions: a row for each combination of their values.", .list,
        examples: ["tenant", "prompt.version,locale"])
    static let having = Parameter(
        "having", "A condition over a row's figures.",
        examples: ["count >= 100 and p95(duration) > 2s"])
    static let order = Parameter(
        "order", "A figure to sort by, greatest first; a minus before it reverses the order.",
        standard: "failures", examples: ["-count", "p95_ms"])
    static let vs = Parameter(
        "vs",
        "Another window beside: previous (as long, just before), a duration (the same window, earlier) or "
            + "T1..T2.",
        examples: ["previous", "24h", "7d"])
    static let check = Parameter(
        "check",
        "With 1 the status is 409 if a row is left, else 200, the body the same: an alarm is a URL.",
        .number(0...1), standard: "0")
    static let fields = Parameter(
        "fields", "What is shown of each: dimensions and raw keys.", .list,
        examples: ["name,tenant,duration"])

    static func figures(_ standard: [NamedFigure]) -> Parameter {
        Parameter(
            "calc", "Figures in place of the standard ones, under the names given here.", .list,
            standard: standard.map(\.name).joined(separator: ","),
            examples: ["count,failures,p95(duration)", "sum(cost),distinct(user)"])
    }

    // MARK: How much of it, and how

    /// Of rows, unless `limit` says otherwise.
    static let limitStandard = 20
    static let limit = Parameter(
        "limit", "How many rows at most; the rest is summed as `other`.", .countOrAll,
        standard: "\(limitStandard)")

    static func limit(most: Int) -> Parameter {
        Parameter(
            "limit", "How many at most; `cursor` asks for the next ones.", .number(1...most),
            standard: "\(limitStandard)")
    }

    static let cursor = Parameter(
        "cursor",
        "Where the page begins: `cursor` of the answer before, the question being the same.")
    static let format = Parameter(
        "format",
        "json; rows, a bare array of flat rows; ndjson, one of them a line; csv; text for a terminal.",
        .oneOf(RowFormat.allCases.map(\.rawValue)), standard: RowFormat.json.rawValue)
    static let widths = 40...1000
    static let widthStandard = 100
    static let width = Parameter(
        "width", "How many columns text may have.", .number(widths), standard: "\(widthStandard)")
}
