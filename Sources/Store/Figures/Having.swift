/// A condition over figures of one kind, as `having` gives it: over those of a row, or of a finding.
package indirect enum Having<Subject: Hashable & Sendable>: Hashable, Sendable {
    case comparison(Subject, HavingComparator, Double)
    case and([Having])
    case or([Having])
    case not(Having)

    /// - Parameter value: a figure of the row. A comparison with what is not known is false.
    package func holds(_ value: (Subject) -> Double?) -> Bool {
        switch self {
        case .and(let parts): parts.allSatisfy { $0.holds(value) }
        case .or(let parts): parts.contains { $0.holds(value) }
        case .not(let inner): !inner.holds(value)
        case .comparison(let figure, let comparator, let limit):
            value(figure).map { comparator.holds($0, limit) } ?? false
        }
    }

    package var figures: [Subject] {
        switch self {
        case .and(let parts), .or(let parts): parts.flatMap(\.figures)
        case .not(let inner): inner.figures
        case .comparison(let figure, _, _): [figure]
        }
    }
}

extension Having where Subject == Figure {
    /// So many failures a row has at least that satisfies it; 0 where that is not known.
    package var failuresLeast: Int {
        switch self {
        case .and(let parts): parts.map(\.failuresLeast).max() ?? 0
        case .or(let parts): parts.map(\.failuresLeast).min() ?? 0
        case .not: 0
        case .comparison(.failures, let comparator, let limit):
            switch comparator {
            case .greater: limit < 0 ? 0 : Int(clamping: limit.rounded(.down)) + 1
            case .greaterOrEqual, .equal: Int(clamping: limit.rounded(.up))
            case .unequal, .less, .lessOrEqual: 0
            }
        case .comparison(.failureRate, let comparator, let limit),
            .comparison(.shareOfFailures, let comparator, let limit):
            comparator == .greater && limit >= 0 || comparator == .greaterOrEqual && limit > 0
                ? 1 : 0
        case .comparison: 0
        }
    }
}

package enum HavingComparator: String, Hashable, Sendable {
    case equal = "="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

extension HavingComparator {
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

extension Int {
    /// A number of units: what is no such is 0, and what is too large the largest that leaves room for one more.
    fileprivate init(clamping limit: Double) {
        self = limit > 0 ? (limit < 0x1p62 ? Int(limit) : 1 << 62) : 0
    }
}
