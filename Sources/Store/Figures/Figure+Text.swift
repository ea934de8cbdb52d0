extension Figure: CustomStringConvertible {
    /// The figure in the words of `calc`.
    package var description: String {
        switch self {
        case .count: "count"
        case .failures: "failures"
        case .failureRate: "failure_rate"
        case .failureRateLow: "failure_rate_low"
        case .failureRateHigh: "failure_rate_high"
        case .share: "share"
        case .shareOfFailures: "share_of_failures"
        case .aggregate(let aggregate, let field): "\(aggregate.name)(\(field))"
        case .costEstimated: "cost_estimated"
        case .unpricedCalls: "unpriced_calls"
        case .pValue: "p_value"
        }
    }
}

extension Having: CustomStringConvertible {
    /// The condition as text that parses back to an equal one.
    package var description: String { text(binding: 0) }

    /// - Parameter binding: how tightly what stands around binds: 0 nothing, 1 or, 2 and, 3 not.
    private func text(binding: Int) -> String {
        switch self {
        case .comparison(let figure, let comparator, let limit):
            "\(figure) \(comparator.rawValue) \(limit)"
        case .and(let parts):
            grouped(parts.map { $0.text(binding: 3) }.joined(separator: " and "), 2, binding)
        case .or(let parts):
            grouped(parts.map { $0.text(binding: 2) }.joined(separator: " or "), 1, binding)
        case .not(let inner): "not " + inner.text(binding: 3)
        }
    }

    private func grouped(_ text: String, _ own: Int, _ around: Int) -> String {
        own < around ? "(\(text))" : text
    }
}
