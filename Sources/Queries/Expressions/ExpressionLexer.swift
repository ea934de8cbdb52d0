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
        /// Characters from the beginning.
        let position: Int
        /// Where the next one may begin.
        let end: Int
    }

    private let characters: [Character]
    private var position = 0

    private init(_ text: String) { characters = Array(text) }

    static func tokens(_ text: String) throws(ExpressionError) -> [Located] {
        var lexer = ExpressionLexer(text)
        var tokens: [Located] = []
        repeat { tokens.append(try lexer.next()) } while tokens.last?.token != .end
        return tokens
    }

    private mutating func next() throws(ExpressionError) -> Located {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        let start = position
        let token = try read()
        return Located(token: token, position: start, end: position)
    }

    private mutating func read() throws(ExpressionError) -> Token {
        guard position < characters.count else { return .end }
        let character = characters[position]
        switch character {
        case "\"", "'": return .quoted(try quoted(character))
        case "(", ")", ",":
            position += 1
            return .sign(String(character))
        case "=", "!", "<", ">", "~": return .sign(try comparison())
        default:
            let start = position
            while position < characters.count, Self.isWordPart(characters[position]) {
                position += 1
            }
            return .word(String(characters[start..<position]))
        }
    }

    private static func isWordPart(_ character: Character) -> Bool {
        !character.isWhitespace && !"\"'(),=!<>~".contains(character)
    }

    private mutating func comparison() throws(ExpressionError) -> String {
        let rest = characters[position...]
        for sign in ["==", "!=", "!~", "<>", "<=", ">=", "=", "<", ">", "~"]
        where rest.starts(with: sign) {
            position += sign.count
            return sign
        }
        throw ExpressionError("expected = != < <= > >= ~ or !~", at: position)
    }

    /// A backslash takes the next character as it is, but for `\n`, `\t` and `\r`.
    private mutating func quoted(_ quote: Character) throws(ExpressionError) -> String {
        let start = position
        var text = ""
        position += 1
        while position < characters.count {
            let character = characters[position]
            position += 1
            if character == quote { return text }
            guard character == "\\", position < characters.count else {
                text.append(character)
                continue
            }
            switch characters[position] {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case let other: text.append(other)
            }
            position += 1
        }
        throw ExpressionError("this quote is never closed", at: start)
    }
}

/// Why a text is not an expression, and where.
package struct ExpressionError: Error, Sendable, Equatable {
    package let message: String
    /// Characters from the beginning.
    package let position: Int

    init(_ message: String, at position: Int) {
        self.message = message
        self.position = position
    }
}
