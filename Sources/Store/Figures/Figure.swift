/// A figure of a row (docs/API.md, "Figures"): a count, a rate, or an aggregate of a field.
package enum Figure: Hashable, Sendable {
    case count, failures, failureRate
    /// The ends of the 95 % interval of the failure rate.
    case failureRateLow, failureRateHigh
    /// Of all units, and of all failures, that the question matched.
    case share, shareOfFailures
    case aggregate(Aggregate, Field)
    /// The part of the cost that follows from a price table.
    case costEstimated
    /// Model calls of which no cost is known.
    case unpricedCalls
    /// How likely a change of the failure rate this large is by chance; only beside another window.
    case pValue
}

/// What is made of the numbers, or the distinct values, of a field.
package enum Aggregate: Hashable, Sendable {
    case sum, average, least, greatest
    /// Above 0, up to 100.
    case percentile(Double)
    case distinct
    case histogram
}

extension Aggregate {
    /// As `calc` names it.
    package var name: String {
        switch self {
        case .sum: "sum"
        case .average: "avg"
        case .least: "min"
        case .greatest: "max"
        case .percentile(let rank):
            rank == rank.rounded() ? "p\(Int(rank))" : "p\(Self.digits(rank))"
        case .distinct: "distinct"
        case .histogram: "histogram"
        }
    }

    /// A number above 0 without an exponent, which no name of a figure may have.
    private static func digits(_ value: Double) -> String {
        let parts = "\(value)".split(separator: "e-")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return "\(value)" }
        return "0." + String(repeating: "0", count: exponent - 1)
            + parts[0].filter { $0 != "." }
    }

    /// `sum`, `p95`, `distinct` and so on; nil for any other word.
    package init?(name: String) {
        switch name {
        case "sum": self = .sum
        case "avg": self = .average
        case "min": self = .least
        case "max": self = .greatest
        case "distinct": self = .distinct
        case "histogram": self = .histogram
        default:
            guard name.hasPrefix("p"), let rank = Double(name.dropFirst()), rank > 0, rank <= 100,
                name.dropFirst().utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 })
            else { return nil }
            self = .percentile(rank)
        }
    }
}

/// A figure under the name that the answer shows: the one that was asked for.
package struct NamedFigure: Hashable, Sendable {
    package var name: String
    package var figure: Figure

    package init(_ name: String, _ figure: Figure) {
        self.name = name
        self.figure = figure
    }
}

extension NamedFigure {
    private static let duration = Field("duration")

    /// What a row shows unless `calc` says otherwise, in this order.
    package static let standard: [NamedFigure] = [
        .init("count", .count),
        .init("failures", .failures),
        .init("failure_rate", .failureRate),
        .init("failure_rate_low", .failureRateLow),
        .init("failure_rate_high", .failureRateHigh),
        .init("share", .share),
        .init("share_of_failures", .shareOfFailures),
        .init("avg_ms", .aggregate(.average, duration)),
        .init("p50_ms", .aggregate(.percentile(50), duration)),
        .init("p95_ms", .aggregate(.percentile(95), duration)),
        .init("p99_ms", .aggregate(.percentile(99), duration)),
        .init("max_ms", .aggregate(.greatest, duration)),
        .init("tokens_in", .aggregate(.sum, Field("tokens.input"))),
        .init("tokens_out", .aggregate(.sum, Field("tokens.output"))),
        .init("cost", .aggregate(.sum, Field("cost"))),
        .init("cost_estimated", .costEstimated),
        .init("unpriced_calls", .unpricedCalls),
    ]

    /// What a step of a series shows unless `calc` says otherwise.
    package static let counts = Array(standard.prefix(3))

    /// Beside another window a row has this one too.
    package static let pValue = NamedFigure("p_value", .pValue)

    /// Every figure that has a name of its own.
    package static let named = standard + [pValue]
}
