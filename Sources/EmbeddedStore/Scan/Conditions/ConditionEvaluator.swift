internal import Spans
internal import Store

/// Evaluates expressions over a whole frame at once: one truth value for each row or trace.
///
/// A comparison looks at each distinct value once; rows then only look their code up.
struct ConditionEvaluator {
    private let frame: any Frame
    private let fields: FieldResolver
    private let unit: Unit
    private let failure: Expression
    private let percentiles: [Double: Double]

    /// - Parameter percentiles: what `p95` and the like stand for, in nanoseconds.
    init(
        _ fields: FieldResolver, unit: Unit, failure: Expression,
        percentiles: [Double: Double]
    ) {
        frame = fields.frame
        self.fields = fields
        self.unit = unit
        self.failure = failure
        self.percentiles = percentiles
    }

    /// For each unit of the frame whether it satisfies the expression.
    func units(_ expression: Expression) throws -> [Bool] {
        switch unit {
        case .span: try rows(expression)
        case .trace: try traces(expression)
        }
    }

    // MARK: Traces

    private func traces(_ expression: Expression) throws -> [Bool] {
        switch expression {
        case .and(let parts): try all(parts, traces)
        case .or(let parts): try any(parts, traces)
        case .not(let inner): negated(try traces(inner))
        case .failed: try traces(failure)
        case .span(let inner): anyRow(try rows(inner))
        case .has(let field):
            try rootIntrinsic(field).map(isThere) ?? anyRow(isThere(try resolved(field)))
        case .comparison(let comparison):
            if let intrinsic = try rootIntrinsic(comparison.field) {
                try truth(comparison, intrinsic)
            } else {
                anyRow(try rowTruth(comparison))
            }
        }
    }

    private func anyRow(_ rows: [Bool]) -> [Bool] {
        var traces = [Bool](repeating: false, count: frame.traceCount)
        let ends = frame.traceEnds
        var trace = 0
        for row in Truths.numbers(of: rows) {
            while ends[trace] <= row { trace += 1 }
            traces[trace] = true
        }
        return traces
    }

    /// Of a trace, bare `status`, `duration`, `name` and `start_time` are its root's.
    private func rootIntrinsic(_ field: Field) throws -> ResolvedField? {
        guard field.scope == .any else { return nil }
        return try fields.traceIntrinsic(field.name, forComparison: true)
    }

    // MARK: Rows

    private func rows(_ expression: Expression) throws -> [Bool] {
        switch expression {
        case .and(let parts): try all(parts, rows)
        case .or(let parts): try any(parts, rows)
        case .not(let inner): negated(try rows(inner))
        case .failed: try rows(failure)
        case .span(let inner): try rows(inner)
        case .has(let field): isThere(try resolved(field))
        case .comparison(let comparison): try rowTruth(comparison)
        }
    }

    private func rowTruth(_ comparison: Comparison) throws -> [Bool] {
        try TextConditions.rows(comparison, fields, percentiles: percentiles)
            ?? truth(comparison, try resolved(comparison.field))
    }

    private func resolved(_ field: Field) throws -> ResolvedField {
        try fields.resolve(field, forComparison: true)
    }

    /// For each entry of `field` whether one of its values satisfies the comparison.
    private func truth(_ comparison: Comparison, _ field: ResolvedField) throws -> [Bool] {
        let test = try LiteralTest(comparison, percentiles: percentiles)
        var byCode = [Bool](repeating: false, count: field.codeCount)
        let ofValue = (0..<UInt32(field.values.count)).map {
            test.matches(field.values.value($0 + 1))
        }
        for code in byCode.indices.dropFirst() {
            field.forEachValue(of: UInt32(code)) { value in
                if ofValue[Int(value) - 1] { byCode[code] = true }
            }
        }
        return field.codes.looked(upIn: byCode)
    }

    private func isThere(_ field: ResolvedField) -> [Bool] {
        var table = [Bool](repeating: true, count: field.codeCount)
        table[0] = false
        return field.codes.looked(upIn: table)
    }

    private func all(
        _ parts: [Expression], _ evaluate: (Expression) throws -> [Bool]
    ) throws -> [Bool] {
        try combined(parts, evaluate, Truths.and)
    }

    private func any(
        _ parts: [Expression], _ evaluate: (Expression) throws -> [Bool]
    ) throws -> [Bool] {
        try combined(parts, evaluate, Truths.or)
    }

    private func combined(
        _ parts: [Expression], _ evaluate: (Expression) throws -> [Bool],
        _ combine: (inout [Bool], [Bool]) -> Void
    ) throws -> [Bool] {
        guard let first = parts.first else { return [] }
        var result = try evaluate(first)
        for part in parts.dropFirst() { combine(&result, try evaluate(part)) }
        return result
    }

    private func negated(_ truths: [Bool]) -> [Bool] {
        var truths = truths
        Truths.not(&truths)
        return truths
    }
}

extension Expression {
    /// The percentiles that its literals name.
    var percentileRanks: Set<Double> {
        switch self {
        case .and(let parts), .or(let parts):
            parts.reduce(into: []) { $0.formUnion($1.percentileRanks) }
        case .not(let inner), .span(let inner): inner.percentileRanks
        case .has, .failed: []
        case .comparison(let comparison):
            Set(
                comparison.literals.compactMap { literal in
                    if case .percentile(let rank, _) = literal { rank } else { nil }
                })
        }
    }
}
