/// The value of a figure.
package enum FigureValue: Sendable, Equatable {
    /// Nothing to say: the average of nothing, a rate of nothing.
    case none
    case integer(Int128)
    case double(Double)
    /// Unix nanoseconds.
    case time(Int64)
    case histogram([Histogram.Bucket])

    init(_ number: Number?) {
        self =
            switch number {
            case .integer(let value)?: .integer(Int128(value))
            case .double(let value)?: .double(value)
            case nil: .none
            }
    }

    init(_ value: Double?) { self = value.map { .double($0) } ?? .none }

    /// What rows are sorted by and `having` compares; nil where there is nothing to compare.
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value.isNaN ? nil : value
        case .time(let value): Double(value)
        case .none, .histogram: nil
        }
    }
}
