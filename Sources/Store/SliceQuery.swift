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

    /// How much later it begins than another; nil if one has no beginning.
    package func distance(from other: TimeRange) -> Int64? {
        guard let from, let earlier = other.from else { return nil }
        return from.minus(earlier)
    }

    /// Whether any time of `least ... greatest` may be in it.
    package func overlaps(_ least: Int64, _ greatest: Int64) -> Bool {
        (from.map { greatest >= $0 } ?? true) && (to.map { least < $0 } ?? true)
    }
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

/// The question behind `/v1/slices` and `/v1/series`: one row for each combination of values.
package struct SliceQuery: Hashable, Sendable {
    package var by: [Field]
    package var condition: Expression?
    package var failure: Expression
    package var unit: Unit
    package var range: TimeRange
    /// Another window, whose figures stand beside these.
    package var before: TimeRange?
    /// What each row shows.
    package var figures: [NamedFigure]
    package var having: Having<Figure>?
    package var order: RowOrder
    /// nil: all rows.
    package var limit: Int?
    /// Only groups whose first value is a text that begins so, in any case; of the rows alone.
    package var valuePrefix: String?
    /// Cuts the range; each row then has figures for each step too.
    package var steps: Steps?
    /// What each step of a row shows.
    package var stepFigures: [NamedFigure]

    /// `status = error`, what a failure is unless a query says otherwise.
    package static let defaultFailure = Expression.comparison(
        Comparison(Field("status"), .equal, [.bare("error")]))

    package init(
        by: [Field] = [], condition: Expression? = nil,
        failure: Expression = SliceQuery.defaultFailure, unit: Unit = .trace,
        range: TimeRange = TimeRange(from: nil, to: nil), before: TimeRange? = nil,
        figures: [NamedFigure] = NamedFigure.standard, having: Having<Figure>? = nil,
        order: RowOrder = RowOrder(.failures), limit: Int? = 20, valuePrefix: String? = nil,
        steps: Steps? = nil, stepFigures: [NamedFigure] = []
    ) {
        self.by = by
        self.condition = condition
        self.failure = failure
        self.unit = unit
        self.range = range
        self.before = before
        self.figures = figures
        self.having = having
        self.order = order
        self.limit = limit
        self.valuePrefix = valuePrefix
        self.steps = steps
        self.stepFigures = stepFigures
    }

    /// What must be summed for the rows.
    package var plan: FigurePlan { FigurePlan(figures.map(\.figure) + choosing) }

    /// What must be summed for each step.
    package var stepPlan: FigurePlan { FigurePlan(stepFigures.map(\.figure)) }

    /// The figures that decide which rows there are, and in which order.
    package var choosing: [Figure] { [order.figure] + (having?.figures ?? []) }

    /// All fields that it names but in expressions, whose names may be unknown.
    package var fields: [Field] {
        let figures = figures + stepFigures
        return by
            + (figures.map(\.figure) + choosing).compactMap {
                if case .aggregate(_, let field) = $0 { field } else { nil }
            }
    }
}
