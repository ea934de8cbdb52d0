internal import Spans
package import Store

/// The expression that selects exactly the units of a row.
package enum RowExpression {
    /// - Parameter query: what the row answers; its own condition holds for the row too.
    static func of(_ key: [GroupValue], _ query: SliceQuery) -> String {
        var parts: [Expression] = []
        if case .and(let conditions)? = query.condition {
            parts = conditions
        } else if let condition = query.condition {
            parts = [condition]
        }
        parts += zip(query.by, key).map(isIn)
        return parts.count == 1 ? parts[0].description : Expression.and(parts).description
    }

    /// The expression that selects exactly the units of a finding.
    static func of(_ slice: [SliceTerm], _ query: CompareQuery) -> String {
        let cohorts = query.cohorts.condition
        var parts: [Expression] = []
        if case .and(let conditions)? = cohorts {
            parts = conditions
        } else if let cohorts {
            parts = [cohorts]
        }
        parts += slice.map { isIn($0, query.unit) }
        return parts.count == 1 ? parts[0].description : Expression.and(parts).description
    }

    /// What a slice says, as one expression; nil of everything.
    package static func condition(_ slice: [SliceTerm], _ unit: Unit) -> Expression? {
        let parts = of(slice, unit)
        return parts.count > 1 ? .and(parts) : parts.first
    }

    /// What a slice says, without what the question says.
    static func of(_ slice: [SliceTerm], _ unit: Unit) -> [Expression] {
        slice.map { isIn($0, unit) }
    }

    private static func isIn(_ term: SliceTerm, _ unit: Unit) -> Expression {
        switch term.value {
        case .value(let value): return isIn(term.field, value)
        case .band(let from, let to):
            let bounds =
                [(Comparison.Operator.greaterOrEqual, from), (.less, to)].compactMap {
                    comparator, limit in
                    limit.map {
                        Expression.comparison(
                            Comparison(term.field, comparator, [bound($0, of: term.field)]))
                    }
                }
            if bounds.count == 1 { return bounds[0] }
            // Of a trace one of its spans must have a number between both, but its duration is its own.
            let isOfTrace = unit == .trace && !term.field.isIntrinsic("duration")
            return isOfTrace ? .span(.and(bounds)) : .and(bounds)
        }
    }

    private static func bound(_ number: Double, of field: Field) -> Literal {
        if field.isIntrinsic("duration") {
            return Literal(word: DurationText.text(milliseconds: number))
        }
        return .bare(Int64(exactly: number).map { "\($0)" } ?? "\(number)")
    }

    private static func isIn(_ field: Field, _ value: GroupValue) -> Expression {
        guard let literal = literal(value, of: field) else { return .not(.has(field)) }
        return .comparison(Comparison(field, .equal, [literal]))
    }

    private static func literal(_ value: GroupValue, of field: Field) -> Literal? {
        switch value {
        case .null: nil
        case .text(let text): Literal(exactly: text)
        case .json(let text): .text(text)
        case .integer(let time) where field.isIntrinsic("start_time"): .text(Timestamp.text(time))
        // 1.0 and 1 are one value.
        case .integer(let milliseconds) where field.isIntrinsic("duration"):
            Literal(word: "\(milliseconds)ms")
        case .integer(let number): .bare(String(number))
        case .double(let milliseconds) where field.isIntrinsic("duration"):
            Literal(word: DurationText.text(milliseconds: milliseconds))
        case .double(let number):
            // What is no number is shown as text, in quotes of its own.
            number.isFinite
                ? .bare("\(number)")
                : .text(String(AttributeValue.json(number).dropFirst().dropLast()))
        case .boolean(let value): .bare(value ? "true" : "false")
        case .bytes(let bytes): .text(AttributeValue.base64(bytes))
        }
    }
}
