import Store
import TestSupport

/// Random expressions, figures and texts, of everything that the grammar has.
extension SeededGenerator {
    mutating func pick<T>(_ choices: [T]) -> T {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }

    // MARK: Texts

    private static let oddScalars: [Unicode.Scalar] = [
        "\"", "'", "\\", "(", ")", ",", "=", "!", "<", ">", "~", " ", "\n", "\r", "\t", "\0",
        "\u{1B}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "é", "e", "\u{301}", "\u{338}", "日",
        "😀", "👩", "\u{200D}", "\u{FE0F}", "🇩", "\u{202E}", "\u{FFFD}", "\u{10FFFF}", "n", "t", "r",
        ".",
        "-", "+", "*", "?", "[", "]", "{", "}", "^", "$", "|", "0", "9", "p", "s",
    ]

    mutating func text() -> String {
        if chance(0.3) {
            return pick([
                "", "acme", "1", "-1", "1.0", "p95", "2s", "true", "null", "and", "failed",
                "Big Co", "sql>sql", "root.x", "'", "\"", "\\", "\\n", " ", "é", "e\u{301}",
            ])
        }
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...8, using: &self) { text.append(pick(Self.oddScalars)) }
        return String(text)
    }

    /// Text without what ends a word.
    mutating func word() -> String {
        if chance(0.5) {
            return pick([
                "tenant", "prompt.version", "gen_ai.tool.name", "x-y/z", "a_1", "de-DE", "1.5",
                "-9223372036854775808", "9223372036854775808", "1e308", "-0.0", "250ms", "1.5h",
                "0.5ns", "p95", "p99.9", "true", "FALSE", "東京", "\u{301}", "score.a.label", "root.",
                "root.x", "span.a", "resource.service.name", "scope.x", "event.exception.type",
            ])
        }
        let scalars = String.UnicodeScalarView(
            text().unicodeScalars.filter { !"\"'(),=!<>~".unicodeScalars.contains($0) }
                .filter { !$0.properties.isWhitespace })
        return scalars.isEmpty ? "x" : String(scalars)
    }

    // MARK: Expressions

    mutating func field() -> Field {
        if chance(0.3) { return Field(text(), scope: .attribute) }
        let word = word()
        return ExpressionWord.isKeyword(word)
            ? Field(word, scope: .attribute) : Field(word: word)
    }

    mutating func literal() -> Literal { chance(0.5) ? .text(text()) : Literal(word: word()) }

    private mutating func pattern() -> Literal {
        .text(
            pick([
                "", "sql>sql", "^a|b$", "(?i)x+", "[\"'\\\\]", "\\(\\)", "\\d{1,3}", "é+", "[日本]",
                "a\nb",
                "\\x{1F600}", ".*?", "\\Q(\\E",
            ]))
    }

    mutating func comparison() -> Comparison {
        let comparator = pick([
            Comparison.Operator.equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .matches,
            .contains, .startsWith, .isIn,
        ])
        switch comparator {
        case .matches: return Comparison(field(), comparator, [pattern()])
        case .isIn:
            let count = Int.random(in: 1...4, using: &self)
            return Comparison(field(), comparator, (0..<count).map { _ in literal() })
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let literal = literal()
            if case .percentile = literal {
                return Comparison(
                    Field("duration", scope: pick([.any, .root])), comparator, [literal])
            }
            return Comparison(field(), comparator, [literal])
        default: return Comparison(field(), comparator, [literal()])
        }
    }

    mutating func expression(depth: Int) -> Expression {
        switch depth == 0 ? 0 : Int.random(in: 0...9, using: &self) {
        case 1, 2: return .and(parts(depth))
        case 3, 4: return .or(parts(depth))
        case 5, 6: return .not(expression(depth: depth - 1))
        case 7: return .span(expression(depth: depth - 1))
        case 8: return .has(field())
        case 9: return .failed
        default: return .comparison(comparison())
        }
    }

    private mutating func parts(_ depth: Int) -> [Expression] {
        (0..<Int.random(in: 2...3, using: &self)).map { _ in expression(depth: depth - 1) }
    }

    // MARK: Figures

    mutating func figure() -> Figure {
        if chance(0.4) { return pick(NamedFigure.named).figure }
        let rank = pick([
            50, 95, 99.9, 100, 0.5, 1e-7, Double.random(in: 0.001...100, using: &self),
        ])
        return .aggregate(
            pick([.sum, .average, .least, .greatest, .distinct, .percentile(rank)]), field())
    }

    mutating func having(depth: Int) -> Having<Figure> {
        switch depth == 0 ? 0 : Int.random(in: 0...5, using: &self) {
        case 1: return .and([having(depth: depth - 1), having(depth: depth - 1)])
        case 2: return .or([having(depth: depth - 1), having(depth: depth - 1)])
        case 3: return .not(having(depth: depth - 1))
        default:
            let comparators: [HavingComparator] = [
                .equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual,
            ]
            let limit = pick([
                0, -0.0, 1, -1, 0.1, 1e-300, 1e300, -1e22, .greatestFiniteMagnitude,
                .leastNonzeroMagnitude, Double(Int64.max),
                Double.random(in: -1e6...1e6, using: &self),
            ])
            return .comparison(figure(), pick(comparators), limit)
        }
    }
}
