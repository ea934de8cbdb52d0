/// A regular expression as a tree.
indirect enum RegexNode {
    case empty
    case set(ScalarSet)
    case assertion(Assertion)
    case sequence([RegexNode])
    case alternatives([RegexNode])
    /// `most` is nil for any number.
    case repeated(RegexNode, least: Int, most: Int?)

    enum Assertion: UInt8, Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }
}

/// Why a regular expression was refused.
package struct RegexError: Error, Equatable {
    package let message: String
    /// In Unicode scalars from its start.
    package let position: Int
}
