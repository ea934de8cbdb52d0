package import JSON

/// Why a body could not be read at all. What is wrong with one span only is in `ReadReport`.
package enum WireError: Error, Sendable, Equatable {
    case malformed(message: String, offset: Int)
    /// Values nest deeper than `limit`.
    case tooDeep(limit: Int, offset: Int)

    package init(_ error: JSONError) {
        switch error {
        case .malformed(let message, let offset):
            self = .malformed(message: message, offset: offset)
        case .tooDeep(let offset): self = .tooDeep(limit: JSONCursor.depthMax, offset: offset)
        }
    }

    package var message: String {
        switch self {
        case .malformed(let message, let offset): "\(message) at byte \(offset)"
        case .tooDeep(let limit, let offset): "nested more than \(limit) deep at byte \(offset)"
        }
    }
}
