package import Store

/// Why a text is not an expression, and where.
package struct ExpressionError: Error, Sendable, Equatable {
    package let fault: ExpressionFault
    /// Where the mistake begins, in Unicode scalars (code points) from the beginning. What ends too early is
    /// at its end; a parenthesis or a quote that is never closed is where it was opened.
    package let position: Int

    package init(_ fault: ExpressionFault, at position: Int) {
        self.fault = fault
        self.position = position
    }

    package var message: String { fault.message }
}

/// All that can be wrong with an expression. What `found` stands for is as it was written.
package enum ExpressionFault: Sendable, Equatable {
    case expected(Wanted, found: String)
    case noComparison(after: Field, found: String)
    case openQuote
    case openParenthesis
    case tooLong
    case tooDeep
    case unknownFunction(String)
    case unknownAggregate(String)
    /// - Parameter nearest: what may have been meant.
    case unknownFigure(String, nearest: String?)
    case badPattern(reason: String)
    /// Percentiles are those of the duration.
    case percentileOfOther(String, Field)
    /// The definition of `failed` asks for it.
    case failedInFailure
    case comparedHistogram

    /// What the grammar wants at some place.
    package enum Wanted: String, Sendable, CaseIterable {
        case sign = "= != < <= > >= ~ or !~"
        case name = "a name"
        case oneName = "one name"
        case quotedName = "a name in quotes"
        case null = "null"
        case value = "a value"
        case list = "( and values"
        case listEnd = "a comma or )"
        case connective = "and, or, or the end"
        case innerConnective = "and, or, or )"
        case closing = ")"
        case comma = "a comma"
        case figure = "a figure"
        case oneFigure = "one figure"
        case figureComparison = "a comparison with a number"
        case number = "a number"
    }

    package var message: String {
        switch self {
        case .expected(let wanted, let found): "expected \(wanted.rawValue), found \(found)"
        case .noComparison(let field, let found):
            "expected a comparison after \(field), found \(found)"
        case .openQuote: "this quote is never closed"
        case .openParenthesis: "this parenthesis is never closed"
        case .tooLong: "longer than \(ExpressionParser.lengthMax) characters"
        case .tooDeep: "nested more than \(ExpressionParser.depthMax) deep"
        case .unknownFunction(let word): "unknown function \(word); there are has, span and attr"
        case .unknownAggregate(let word):
            "unknown function \(word); there are sum avg min max distinct histogram p50 p95 p99"
        case .unknownFigure(let word, let nearest?):
            "unknown figure \(word); did you mean \(nearest)?"
        case .unknownFigure(let word, nil):
            "unknown figure \(word); figures are "
                + NamedFigure.named.map(\.name).joined(separator: ", ")
                + ", or p95(duration) and the like"
        case .badPattern(let reason): "not a regular expression: \(reason)"
        case .percentileOfOther(let word, let field):
            "\(word) is a percentile of duration, and \(field) does not compare with it; in quotes it is text"
        case .failedInFailure: "failed is what this expression defines"
        case .comparedHistogram: "a histogram compares with nothing"
        }
    }
}
