package import Store

/// Parses the expressions of `where` and `failure` (docs/API.md, "Expressions") by recursive descent.
package struct ExpressionParser {
    let tokens: [ExpressionLexer.Located]
    var index = 0
    private var depth = 0

    /// Parentheses and `not` nest so deep at most.
    package static let depthMax = 100
    /// Unicode scalars of an expression at most: what a request line may hold.
    package static let lengthMax = 16 << 10

    /// - Parameter isFailure: the expression defines what a failure is, so it cannot ask for it.
    package static func parse(
        _ text: String, isFailure: Bool = false
    ) throws(ExpressionError) -> Expression {
        var parser = try ExpressionParser(text)
        let expression = try parser.or()
        try parser.expectEnd(or: .connective)
        if isFailure, let position = parser.failedPosition {
            throw ExpressionError(.failedInFailure, at: position)
        }
        return expression
    }

    /// Parses one name, as in `by`.
    package static func field(_ text: String) throws(ExpressionError) -> Field {
        var parser = try ExpressionParser(text)
        let field = try parser.field()
        try parser.expectEnd(or: .oneName)
        return field
    }

    /// Parses names separated by commas.
    package static func fields(_ text: String) throws(ExpressionError) -> [Field] {
        var parser = try ExpressionParser(text)
        var fields = [try parser.field()]
        while parser.take(sign: ",") { fields.append(try parser.field()) }
        try parser.expectEnd(or: .comma)
        return fields
    }

    private var failedPosition: Int?

    init(_ text: String) throws(ExpressionError) {
        if text.unicodeScalars.count > Self.lengthMax {
            throw ExpressionError(.tooLong, at: Self.lengthMax)
        }
        tokens = try ExpressionLexer.tokens(text)
    }

    // MARK: Tokens

    var next: ExpressionLexer.Token { tokens[index].token }

    /// Where the next token begins.
    var position: Int { tokens[index].position }

    var found: String {
        switch next {
        case .word(let word): word
        case .quoted(let text): Literal.quoted(text)
        case .sign(let sign): sign
        case .end: "the end"
        }
    }

    func error(_ wanted: ExpressionFault.Wanted) -> ExpressionError {
        ExpressionError(.expected(wanted, found: found), at: position)
    }

    mutating func take(sign: String) -> Bool {
        guard next == .sign(sign) else { return false }
        index += 1
        return true
    }

    func expectEnd(or wanted: ExpressionFault.Wanted) throws(ExpressionError) {
        if next != .end { throw error(wanted) }
    }

    /// - Parameters:
    ///   - opening: where the parenthesis is that this one closes.
    ///   - wanted: what might have stood here.
    mutating func close(
        _ opening: Int, or wanted: ExpressionFault.Wanted
    ) throws(ExpressionError) {
        if next == .end { throw ExpressionError(.openParenthesis, at: opening) }
        if !take(sign: ")") { throw error(wanted) }
    }

    func isWord(_ word: String, ahead: Int = 0) -> Bool {
        guard index + ahead < tokens.count, case .word(let text) = tokens[index + ahead].token
        else {
            return false
        }
        return text.lowercased() == word
    }

    mutating func take(word: String) -> Bool {
        guard isWord(word) else { return false }
        index += 1
        return true
    }

    /// Takes a word and the parenthesis behind it, as in `has(`.
    ///
    /// - Returns: where the parenthesis is; nil if the two are not next.
    mutating func takeFunction(_ word: String) -> Int? {
        guard isWord(word), tokens[index + 1].token == .sign("(") else { return nil }
        index += 2
        return tokens[index - 1].position
    }

    // MARK: Structure

    private mutating func or() throws(ExpressionError) -> Expression {
        var parts = [try and()]
        while take(word: "or") { parts.append(try and()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func and() throws(ExpressionError) -> Expression {
        var parts = [try not()]
        while take(word: "and") { parts.append(try not()) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func not() throws(ExpressionError) -> Expression {
        let position = position
        guard take(word: "not") else { return try primary() }
        return .not(
            try nested(position) { parser throws(ExpressionError) in try parser.not() })
    }

    /// - Parameter position: of the `not` or the parenthesis that begins it.
    mutating func nested<T>(
        _ position: Int, _ body: (inout ExpressionParser) throws(ExpressionError) -> T
    ) throws(ExpressionError) -> T {
        depth += 1
        if depth > Self.depthMax { throw ExpressionError(.tooDeep, at: position) }
        let result = try body(&self)
        depth -= 1
        return result
    }

    /// - Parameter opening: where the parenthesis is that was taken.
    private mutating func inner(_ opening: Int) throws(ExpressionError) -> Expression {
        let inner = try nested(opening) { parser throws(ExpressionError) in try parser.or() }
        try close(opening, or: .innerConnective)
        return inner
    }

    private mutating func primary() throws(ExpressionError) -> Expression {
        let position = position
        if take(sign: "(") { return try inner(position) }
        if let opening = takeFunction("has") {
            let field = try field()
            try close(opening, or: .closing)
            return .has(field)
        }
        if let opening = takeFunction("span") { return .span(try inner(opening)) }
        if isWord("failed"), !isComparison(tokens[index + 1].token) {
            failedPosition = failedPosition ?? position
            index += 1
            return .failed
        }
        return try comparison()
    }

    private func isComparison(_ token: ExpressionLexer.Token) -> Bool {
        if case .sign(let sign) = token { !["(", ")", ","].contains(sign) } else { false }
    }

    // MARK: Comparisons

    private mutating func comparison() throws(ExpressionError) -> Expression {
        let field = try field()
        if take(word: "is") {
            let isNegated = take(word: "not")
            if !take(word: "null") { throw error(.null) }
            return isNegated ? .has(field) : .not(.has(field))
        }
        if isWord("not"), isWord("in", ahead: 1) {
            index += 2
            return .not(.comparison(Comparison(field, .isIn, try list())))
        }
        if take(word: "in") { return .comparison(Comparison(field, .isIn, try list())) }
        if take(word: "contains") {
            return .comparison(Comparison(field, .contains, [try literal()]))
        }
        if take(word: "starts-with") {
            return .comparison(Comparison(field, .startsWith, [try literal()]))
        }
        guard case .sign(let sign) = next, isComparison(next) else {
            throw ExpressionError(.noComparison(after: field, found: found), at: position)
        }
        index += 1
        return try comparison(field, sign)
    }

    private mutating func comparison(
        _ field: Field, _ sign: String
    ) throws(ExpressionError) -> Expression {
        let position = position
        let literal = try literal()
        if case .percentile(_, let word) = literal, !field.isIntrinsic("duration"),
            ["<", "<=", ">", ">="].contains(sign)
        {
            throw ExpressionError(.percentileOfOther(word, field), at: position)
        }
        switch sign {
        case "=", "==": return .comparison(Comparison(field, .equal, [literal]))
        case "!=", "<>": return .not(.comparison(Comparison(field, .equal, [literal])))
        case "<": return .comparison(Comparison(field, .less, [literal]))
        case "<=": return .comparison(Comparison(field, .lessOrEqual, [literal]))
        case ">": return .comparison(Comparison(field, .greater, [literal]))
        case ">=": return .comparison(Comparison(field, .greaterOrEqual, [literal]))
        default:
            do {
                _ = try LinearRegex(literal.textToMatch)
            } catch {
                throw ExpressionError(.badPattern(reason: error.message), at: position)
            }
            let comparison = Expression.comparison(Comparison(field, .matches, [literal]))
            return sign == "~" ? comparison : .not(comparison)
        }
    }

    private mutating func list() throws(ExpressionError) -> [Literal] {
        let opening = position
        if !take(sign: "(") { throw error(.list) }
        var literals = [try literal()]
        while take(sign: ",") { literals.append(try literal()) }
        try close(opening, or: .listEnd)
        return literals
    }

    mutating func literal() throws(ExpressionError) -> Literal {
        switch next {
        case .quoted(let text):
            index += 1
            return .text(text)
        case .word(let word):
            index += 1
            return Literal(word: word)
        case .sign, .end: throw error(.value)
        }
    }

    // MARK: Names

    mutating func field() throws(ExpressionError) -> Field {
        if let opening = takeFunction("attr") {
            guard case .quoted(let name) = next else { throw error(.quotedName) }
            index += 1
            try close(opening, or: .closing)
            return Field(name, scope: .attribute)
        }
        guard case .word(let word) = next else { throw error(.name) }
        if tokens[index + 1].token == .sign("("), tokens[index + 1].position == tokens[index].end {
            throw ExpressionError(.unknownFunction(word), at: position)
        }
        if ExpressionWord.isKeyword(word), word.lowercased() != "failed" { throw error(.name) }
        index += 1
        return Field(word: word)
    }
}
