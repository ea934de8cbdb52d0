/// What a query counts.
package enum Unit: String, Sendable, Hashable {
    /// Requests: a trace has the values that any of its spans has.
    case trace
    case span
}

/// A half-open range of start times in Unix nanoseconds; nil is unbounded.
package struct TimeRange: Hashable, Sendable {
    package var from: Int64?
    package var to: Int64?

    package init(from: Int64?, to: Int64?) {
        self.from = from
        self.to = to
    }

    package func contains(_ time: Int64) -> Bool {
        (from.map { time >= $0 } ?? true) && (to.map { time < $0 } ?? true)
    }

    /// Whether any time of `least ... greatest` may be in it.
    package func overlaps(_ least: Int64, _ greatest: Int64) -> Bool {
        (from.map { greatest >= $0 } ?? true) && (to.map { least < $0 } ?? true)
    }
}

/// A figure of a row, by the name that the API gives it.
package enum Figure: String, Sendable, Hashable, CaseIterable {
    case count, failures
    case failureRate = "failure_rate"
    case averageMilliseconds = "avg_ms"
    case p50Milliseconds = "p50_ms"
    case p95Milliseconds = "p95_ms"
    case p99Milliseconds = "p99_ms"
    case maxMilliseconds = "max_ms"
    case tokensIn = "tokens_in"
    case tokensOut = "tokens_out"
    case cost
    case unpricedCalls = "unpriced_calls"
}

/// The sort of rows: greatest figure first, or least first.
package struct RowOrder: Hashable, Sendable {
    package var figure: Figure
    package var isAscending: Bool

    package init(_ figure: Figure, isAscending: Bool = false) {
        self.figure = figure
        self.isAscending = isAscending
    }
}

/// The question behind `/v1/slices`: one row for each combination of values.
package struct SliceQuery: Hashable, Sendable {
    package var by: [Field]
    package var condition: Expression?
    package var failure: Expression
    package var unit: Unit
    package var range: TimeRange
    package var order: RowOrder
    /// nil: all rows.
    package var limit: Int?

    /// `status = error`, what a failure is unless a query says otherwise.
    package static let defaultFailure = Expression.comparison(
        Comparison(Field("status"), .equal, [.bare("error")]))

    package init(
        by: [Field] = [], condition: Expression? = nil,
        failure: Expression = SliceQuery.defaultFailure, unit: Unit = .trace,
        range: TimeRange = TimeRange(from: nil, to: nil), order: RowOrder = RowOrder(.failures),
        limit: Int? = 20
    ) {
        self.by = by
        self.condition = condition
        self.failure = failure
        self.unit = unit
        self.range = range
        self.order = order
        self.limit = limit
    }
}
