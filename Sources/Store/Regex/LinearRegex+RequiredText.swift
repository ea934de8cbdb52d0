extension LinearRegex {
    /// A text that everything contains that the expression matches: the longest that its syntax shows; empty if it shows
    /// none. Where it does not occur, the expression need not be tried.
    package static func requiredText(of pattern: String) throws(RegexError) -> String {
        var required = RequiredText()
        required.read(try RegexParser.parse(pattern))
        required.end()
        return required.longest
    }
}

/// Reads an expression from left to right, for characters that must follow each other.
private struct RequiredText {
    var longest = ""
    private var current = ""

    mutating func end() {
        if current.utf8.count > longest.utf8.count { longest = current }
        current = ""
    }

    mutating func read(_ node: RegexNode) {
        switch node {
        // Neither reads a character.
        case .empty, .assertion: return
        case .set(let set):
            if let scalar = set.only { current.unicodeScalars.append(scalar) } else { end() }
        case .sequence(let parts): for part in parts { read(part) }
        case .repeated(let inner, let least, _):
            end()
            if least > 0 { read(inner) }
            end()
        case .alternatives: end()
        }
    }
}

extension ScalarSet {
    /// Its scalar, if it has just one.
    fileprivate var only: Unicode.Scalar? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return Unicode.Scalar(ranges[0].lowerBound)
    }
}
