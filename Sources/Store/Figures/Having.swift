/// A condition over a row's figures, as `having` gives it.
package indirect enum Having: Hashable, Sendable {
    package enum Comparator: String, Hashable, Sendable {
        case equal = "="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    case comparison(Figure, Comparator, Double)
    case and([Having])
    case or([Having])
    case not(Having)

    /// - Parameter value: a figure of the row. A comparison with what is not known is false.
    package func holds(_ value: (Figure) -> Double?) -> Bool {
        switch self {
        case .and(let parts): parts.allSatisfy { $0.holds(value) }
        case .or(let parts): parts.contains { $0.holds(value) }
        case .not(let inner): !inner.holds(value)
        case .comparison(let figure, let comparator, let limit):
            value(figure).map { comparator.holds($0, limit) } ?? false
        }
    }

    /// Whether no row without failures can satisfy it. It may say no where that is so.
    package var needsFailures: Bool {
        switch self {
        case .and(let parts): parts.contains(where: \.needsFailures)
        case .or(let parts): !parts.isEmpty && parts.allSatisfy(\.needsFailures)
        case .not: false
        case .comparison(let figure, let comparator, let limit):
            switch (figure, comparator) {
            case (.failures, .greater), (.failureRate, .greater), (.shareOfFailures, .greater):
                limit >= 0
            case (.failures, .greaterOrEqual), (.failureRate, .greaterOrEqual),
                (.shareOfFailures, .greaterOrEqual), (.failures, .equal):
                limit > 0
            default: false
            }
        }
    }

    package var figures: [Figure] {
        switch self {
        case .and(let parts), .or(let parts): parts.flatMap(\.figures)
        case .not(let inner): inner.figures
        case .comparison(let figure, _, _): [figure]
        }
    }
}

extension Having.Comparator {
    func holds(_ a: Double, _ b: Double) -> Bool {
        switch self {
        case .equal: a == b
        case .unequal: a != b
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        }
    }
}
