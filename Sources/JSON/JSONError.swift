/// Why bytes are not JSON, and where.
package enum JSONError: Error, Sendable, Equatable {
    case malformed(message: String, offset: Int)
    /// Arrays and objects nest deeper than `JSONCursor.depthMax`.
    case tooDeep(offset: Int)

    package var message: String {
        switch self {
        case .malformed(let message, let offset): "\(message) at byte \(offset)"
        case .tooDeep(let offset):
            "nested more than \(JSONCursor.depthMax) deep at byte \(offset)"
        }
    }
}
