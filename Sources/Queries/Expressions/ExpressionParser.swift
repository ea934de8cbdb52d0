package import Store

/// Parses the expressions of `where` and `failure` (docs/API.md, "Expressions") by recursive descent.
package struct ExpressionParser {
    let tokens: [ExpressionLexer.Located]
    var index = 0
    private var depth = 0

    /// Parentheses and `not` nest so deep at most.
    package static let depthMax = 100
    /// Characters of an expression at most: what a request line may hold.
    package static let lengthMax = 16 << 10

    /// - Parameter isFailure: the expression defines what a failure is, so it cannot ask for it.
    package static func parse(
        _ text: String, isFailure: Bool = false
    ) throws(ExpressionError) -> Expression {
        var parser = try ExpressionParser(text)
        let expression = try parser.or()
        if parser.next != .end {
            throw parser.error("expected and, or, or the end, found \(parser.found)")
        }
        if isFailure, let position = parser.failedPosition {
            throw ExpressionError("failed is what this expression defines", at: position)
        }
        return expression
    }

    /// Parses one name, as in `by`.
    package static func field(_ text: String) throws(ExpressionError) -> Field {
        var parser = try ExpressionParser(text)
        let field = try parser.field()
        if parser.next != .end { throw parser.error("expected one name, found \(parser.found)") }
        return field
    }

    /// Parses names separated by commas.
    package static func fields(_ text: String) throws(ExpressionError) -> [Field] {
        var parser = try ExpressionParser(text)
        var fields = [try parser.field()]
        while parser.take(sign: ",") { fields.append(try parser.field()) }
        if parser.next != .end { throw parser.error("expected a comma, found \(parser.found)") }
        return fields
    }

    private var failedPosition: Int?

    init(_ text: String) throws(ExpressionError) {
        if text.count > Self.lengthMax {
            throw ExpressionError(
                "longer than \(Self.lengthMax) characters", at: Self.lengthMax)
        }
        tokens = try ExpressionLexer.tokens(text)
    }

    // MARK: Tokens

    var next: ExpressionLexer.Token { tokens[index].token }

    var found: String {
        switch next {
        case .word(let word): word
        case .quoted(let text): Literal.quoted(text)
        case .sign(let sign): sign
        case .end: "the end"
        }
    }

    func error(_ message: String) -> ExpressionError {
        ExpressionError(message, at: tokens[index].position)
    }

    mutating func take(sign: String) -> Bool {
        guard next == .sign(sign) else { return false }
        index += 1
        return true
    }

    mutating func expect(sign: String) throws(ExpressionError) {
        if !take(sign: sign) { throw error("expected \(sign), found \(found)") }
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

    /// Whether a word stands directly before a parenthesis, as in `has(`.
    func isFunction(_ word: String) -> Bool {
        isWord(word) && tokens[index + 1].token == .sign("(")
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
        guard isWord("not") else { return try primary() }
        index += 1
        return .not(try nested { parser throws(ExpressionError) in try parser.not() })
    }

    mutating func nested<T>(
        _ body: (inout ExpressionParser) throws(ExpressionError) -> T
    ) throws(ExpressionError) -> T {
        depth += 1
        if depth > Self.depthMax { throw error("nested more than \(Self.depthMax) deep") }
        let result = try body(&self)
        depth -= 1
        return result
    }

    private mutating func primary() throws(ExpressionError) -> Expression {
        if take(sign: "(") {
            let inner = try nested { parser throws(ExpressionError) in try parser.or() }
            try expect(sign: ")")
            return inner
        }
        if isFunction("has") {
            index += 2
            let field = try field()
            try expect(sign: ")")
            return .has(field)
        }
        if isFunction("span") {
            index += 2
            let inner = try nested { parser throws(ExpressionError) in try parser.or() }
            try expect(sign: ")")
            return .span(inner)
        }
        if isWord("failed"), !isComparison(tokens[index + 1].token) {
            failedPosition = failedPosition ?? tokens[index].position
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
            if !take(word: "null") { throw error("expected null, found \(found)") }
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
            throw error("expected a comparison after \(field), found \(found)")
        }
        index += 1
        return try comparison(field, sign)
    }

    private mutating func comparison(
        _ field: Field, _ sign: String
    ) throws(ExpressionError) -> Expression {
        let place = tokens[index].position
        let literal = try literal()
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
                throw ExpressionError("not a regular expression: \(error.message)", at: place)
            }
            let comparison = Expression.comparison(Comparison(field, .matches, [literal]))
            return sign == "~" ? comparison : .not(comparison)
        }
    }

    private mutating func list() throws(ExpressionError) -> [Literal] {
        try expect(sign: "(")
        var literals = [try literal()]
        while take(sign: ",") { literals.append(try literal()) }
        try expect(sign: ")")
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
        case .sign, .end: throw error("expected a value, found \(found)")
        }
    }

    // MARK: Names

    mutating func field() throws(ExpressionError) -> Field {
        if isFunction("attr") {
            index += 2
            guard case .quoted(let name) = next else {
                throw error("expected a name in quotes, found \(found)")
            }
            index += 1
            try expect(sign: ")")
            return Field(name, scope: .attribute)
        }
        guard case .word(let word) = next else { throw error("expected a name, found \(found)") }
        if tokens[index + 1].token == .sign("("), tokens[index + 1].position == tokens[index].end {
            throw error("unknown function \(word); there are has, span and attr")
        }
        if Field.keywords.contains(word.lowercased()), word.lowercased() != "failed" {
            throw error("expected a name, found \(word)")
        }
        index += 1
        return Field(word: word)
    }
}

extension Field {
    /// A name with the place that it may begin with.
    init(word: String) {
        let scopes: [(String, Scope)] = [
            ("root.", .root), ("span.", .span), ("resource.", .resource), ("scope.", .scope),
            ("event.", .event),
        ]
        for (prefix, scope) in scopes where word.hasPrefix(prefix) && word.count > prefix.count {
            self.init(String(word.dropFirst(prefix.count)), scope: scope)
            return
        }
        self.init(word)
    }
}

extension Literal {
    /// An unquoted word: a duration if it is a number with a unit, a percentile if it reads `p95`.
    init(word: String) {
        if let nanoseconds = DurationText.nanoseconds(word) {
            self = .duration(nanoseconds: nanoseconds, text: word)
        } else if word.hasPrefix("p"), let rank = Double(word.dropFirst()), rank > 0, rank <= 100,
            word.dropFirst().utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 })
        {
            self = .percentile(rank, text: word)
        } else {
            self = .bare(word)
        }
    }

    /// The text that `~`, `contains` and `starts-with` take.
    var textToMatch: String {
        if case .text(let text) = self { text } else { description }
    }
}

/// Durations as people write them: `250ms`, `2s`, `1.5h`.
package enum DurationText {
    private static let units: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
        ("d", 86_400e9), ("w", 604_800e9),
    ]

    package static func nanoseconds(_ text: some StringProtocol) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let number = text.dropLast(unit.count)
            guard let last = Array(number.utf8).last, last >= 48, last <= 57,
                number.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 }),
                let value = Double(String(number))
            else { continue }
            return value * factor
        }
        return nil
    }
}
