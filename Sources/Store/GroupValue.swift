/// A value by which units are grouped, or that a span carries.
package enum GroupValue: Hashable, Sendable {
    case null
    case text(String)
    case integer(Int64)
    case double(Double)
    case boolean(Bool)
    case bytes([UInt8])
    /// An array or map, as JSON.
    case json(String)
}

extension GroupValue: Comparable {
    /// Numbers before truth values, text, bytes, structures; null last.
    package static func < (a: GroupValue, b: GroupValue) -> Bool {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): return a < b
        case (.integer, .double), (.double, .integer), (.double, .double):
            return (a.number ?? 0) < (b.number ?? 0)
        case (.boolean(let a), .boolean(let b)): return !a && b
        case (.text(let a), .text(let b)), (.json(let a), .json(let b)):
            return a.utf8.lexicographicallyPrecedes(b.utf8)
        case (.bytes(let a), .bytes(let b)): return a.lexicographicallyPrecedes(b)
        default: return a.rank < b.rank
        }
    }

    private var rank: Int {
        switch self {
        case .integer, .double: 0
        case .boolean: 1
        case .text: 2
        case .bytes: 3
        case .json: 4
        case .null: 5
        }
    }

    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }
}
