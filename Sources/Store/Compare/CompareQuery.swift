/// The question behind `/v1/compare`: which slices explain that some units are in the target and others are not.
package struct CompareQuery: Hashable, Sendable {
    package var condition: Expression?
    package var failure: Expression
    package var unit: Unit
    package var range: TimeRange
    /// Another window: then it is asked what got worse since.
    package var before: TimeRange?
    package var target: Expression
    /// nil: all that is not in the target.
    package var baseline: Expression?
    /// The dimensions that slices are made of; empty for all.
    package var by: [Field]
    /// How many dimensions a slice has at most, from 1 to `depthMax`.
    package var depth: Int

    package static let depthMax = 3
    /// Slices of greater q-values are no findings.
    package static let level = 0.05

    package init(
        condition: Expression? = nil, failure: Expression = SliceQuery.defaultFailure,
        unit: Unit = .trace, range: TimeRange = TimeRange(from: nil, to: nil),
        before: TimeRange? = nil, target: Expression = .failed, baseline: Expression? = nil,
        by: [Field] = [], depth: Int = CompareQuery.depthMax
    ) {
        self.condition = condition
        self.failure = failure
        self.unit = unit
        self.range = range
        self.before = before
        self.target = target
        self.baseline = baseline
        self.by = by
        self.depth = depth
    }

    /// The same as a question about slices, whose failures are what is in the target.
    package var cohorts: SliceQuery {
        var conditions = condition.map { [$0] } ?? []
        if let baseline { conditions.append(.or([target, baseline])) }
        let whole = conditions.count > 1 ? .and(conditions) : conditions.first
        return SliceQuery(
            condition: whole?.replacingFailed(with: failure),
            failure: target.replacingFailed(with: failure), unit: unit, range: range,
            figures: NamedFigure.counts)
    }
}

extension Expression {
    /// The same without `failed`, whose meaning is written out.
    package func replacingFailed(with failure: Expression) -> Expression {
        switch self {
        case .failed: failure
        case .and(let parts): .and(parts.map { $0.replacingFailed(with: failure) })
        case .or(let parts): .or(parts.map { $0.replacingFailed(with: failure) })
        case .not(let inner): .not(inner.replacingFailed(with: failure))
        case .span(let inner): .span(inner.replacingFailed(with: failure))
        case .comparison, .has: self
        }
    }

    /// The fields that it names.
    package var fields: Set<Field> {
        switch self {
        case .failed: []
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.fields) }
        case .not(let inner), .span(let inner): inner.fields
        case .has(let field): [field]
        case .comparison(let comparison): [comparison.field]
        }
    }
}
