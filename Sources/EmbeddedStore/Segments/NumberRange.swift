internal import GRDB
internal import Spans

/// The least and greatest number of a column.
struct NumberRange: Sendable {
    let min: Number
    let max: Number

    enum Number: Sendable {
        case integer(Int64)
        case double(Double)

        var databaseValue: DatabaseValue {
            switch self {
            case .integer(let value): value.databaseValue
            case .double(let value): value.databaseValue
            }
        }
    }

    /// nil for columns without numbers. NaN is neither least nor greatest.
    init?(_ column: ColumnData) {
        switch column.key.type {
        case .int, .bool:
            let values = column.numbers.map { Int64(bitPattern: $0) }
            guard let least = values.min(), let greatest = values.max() else { return nil }
            min = .integer(least)
            max = .integer(greatest)
        case .double:
            let values = column.numbers.map { Double(bitPattern: $0) }.filter { !$0.isNaN }
            guard let least = values.min(), let greatest = values.max() else { return nil }
            min = .double(least)
            max = .double(greatest)
        default:
            return nil
        }
    }
}
