internal import Store

/// Splits an expression into words, quoted texts and signs, each with its place.
struct ExpressionLexer {
    enum Token: Equatable {
        /// A name, a keyword, a number or an unquoted literal.
        case word(String)
        case quoted(String)
        /// `( ) ,` or a comparison.
        case sign(String)
        case end
    }

    struct Located: Equatable {
        let token: Token
        /// Unicode scalars from the beginning.
        let position: Int
        /// Where the next one may begin.
        let end: Int
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// - Returns: the tokens, the last of them and no other `end`.
    static func tokens(_ text: String) throws(ExpressionError) -> [Located] {
        var lexer = ExpressionLexer(text)
        var tokens: [Located] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.token != .end
        return tokens
    }

    private mutating func next() throws(ExpressionError) -> Located {
        while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
        let start = position
        let token = try read()
        return Located(token: token, position: start, end: position)
    }

    private mutating func read() throws(ExpressionError) -> Token {
        guard position < scalars.count else { return .end }
        let scalar = scalars[position]
        switch scalar {
        case "\"", "'": return .quoted(try quoted(scalar))
        case "(", ")", ",":
            position += 1
            return .sign(String(scalar))
        case "=", "!", "<", ">", "~": return .sign(try comparison())
        default:
            let start = position
            while position < scalars.count, ExpressionWord.isPart(scalars[position]) {
                position += 1
            }
            return .word(Self.text(scalars[start..<position]))
        }
    }

    private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private mutating func comparison() throws(ExpressionError) -> String {
        let rest = scalars[position...]
        for sign in ["==", "!=", "!~", "<>", "<=", ">=", "=", "<", ">", "~"]
        where rest.starts(with: sign.unicodeScalars) {
            position += sign.unicodeScalars.count
            return sign
        }
        throw ExpressionError(.expected(.sign, found: String(scalars[position])), at: position)
    }

    /// A backslash takes the next character as it is, but for `\n`, `\t` and `\r`.
    private mutating func quoted(_ quote: Unicode.Scalar) throws(ExpressionError) -> String {
        let start = position
        var text = String.UnicodeScalarView()
        position += 1
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            if scalar == quote { return String(text) }
            guard scalar == "\\", position < scalars.count else {
                text.append(scalar)
                continue
            }
            switch scalars[position] {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case let other: text.append(other)
            }
            position += 1
        }
        throw ExpressionError(.openQuote, at: start)
    }
}
