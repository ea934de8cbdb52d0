package import Store

/// Figures, as `calc`, `order` and `having` name them, in the same words as expressions.
extension ExpressionParser {
    /// Parses figures separated by commas, as in `calc`.
    package static func figures(_ text: String) throws(ExpressionError) -> [NamedFigure] {
        var parser = try ExpressionParser(text)
        var figures = [try parser.figure()]
        while parser.take(sign: ",") { figures.append(try parser.figure()) }
        if parser.next != .end { throw parser.error("expected a comma, found \(parser.found)") }
        return figures
    }

    /// Parses a figure with `-` before it or not, as in `order`.
    package static func order(_ text: String) throws(ExpressionError) -> RowOrder {
        let trimmed = text.drop { $0 == " " }
        let isAscending = trimmed.hasPrefix("-")
        var parser = try ExpressionParser(String(isAscending ? trimmed.dropFirst() : trimmed))
        let figure = try parser.figure()
        if parser.next != .end { throw parser.error("expected one figure, found \(parser.found)") }
        return RowOrder(figure.figure, isAscending: isAscending)
    }

    /// Parses a condition over figures.
    package static func having(_ text: String) throws(ExpressionError) -> Having {
        var parser = try ExpressionParser(text)
        let having = try parser.havingOr()
        if parser.next != .end {
            throw parser.error("expected and, or, or the end, found \(parser.found)")
        }
        return having
    }

    // MARK: Figures

    private static let functions = "sum avg min max distinct histogram p50 p95 p99"

    private mutating func figure() throws(ExpressionError) -> NamedFigure {
        guard case .word(let word) = next else {
            throw error("expected a figure, found \(found)")
        }
        if tokens[index + 1].token == .sign("(") {
            guard let aggregate = Aggregate(name: word.lowercased()) else {
                throw error("unknown function \(word); there are \(Self.functions)")
            }
            index += 2
            let field = try field()
            try expect(sign: ")")
            return NamedFigure(
                "\(aggregate.name)(\(field))", .aggregate(aggregate, field))
        }
        guard let known = NamedFigure.named.first(where: { $0.name == word.lowercased() }) else {
            throw error(unknown(word))
        }
        index += 1
        return known
    }

    private func unknown(_ word: String) -> String {
        let names = NamedFigure.named.map(\.name)
        let near = NearestName.of(word, among: names)
        let hint =
            near.isEmpty
            ? "figures are \(names.joined(separator: ", ")), or p95(duration) and the like"
            : "did you mean \(near[0])?"
        return "unknown figure \(word); \(hint)"
    }

    // MARK: Conditions

    private mutating func havingOr() throws(ExpressionError) -> Having {
        var parts = [try havingAnd()]
        while take(word: "or") { parts.append(try havingAnd()) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func havingAnd() throws(ExpressionError) -> Having {
        var parts = [try havingNot()]
        while take(word: "and") { parts.append(try havingNot()) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func havingNot() throws(ExpressionError) -> Having {
        if take(word: "not") {
            return .not(
                try nested { parser throws(ExpressionError) in try parser.havingNot() })
        }
        if take(sign: "(") {
            let inner = try nested { parser throws(ExpressionError) in try parser.havingOr() }
            try expect(sign: ")")
            return inner
        }
        let figure = try figure().figure
        if case .aggregate(.histogram, _) = figure {
            throw error("a histogram compares with nothing")
        }
        guard case .sign(let sign) = next, let comparator = Self.comparators[sign] else {
            throw error("expected a comparison with a number, found \(found)")
        }
        index += 1
        return .comparison(figure, comparator, try limit(figure))
    }

    private static let comparators: [String: Having.Comparator] = [
        "=": .equal, "==": .equal, "!=": .unequal, "<>": .unequal, "<": .less,
        "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]

    /// A number, or for figures of durations one with a unit: they are in milliseconds.
    private mutating func limit(_ figure: Figure) throws(ExpressionError) -> Double {
        guard case .word(let word) = next else { throw error("expected a number, found \(found)") }
        if let number = Number(word) {
            index += 1
            return number.double
        }
        guard let nanoseconds = DurationText.nanoseconds(word) else {
            throw error("expected a number, found \(word)")
        }
        index += 1
        return nanoseconds / 1e6
    }
}
