package import Store

/// Figures, as `calc`, `order` and `having` name them, in the same words as expressions.
extension ExpressionParser {
    /// Parses figures separated by commas, as in `calc`.
    package static func figures(_ text: String) throws(ExpressionError) -> [NamedFigure] {
        var parser = try ExpressionParser(text)
        var figures = [try parser.figure()]
        while parser.take(sign: ",") { figures.append(try parser.figure()) }
        try parser.expectEnd(or: .comma)
        return figures
    }

    /// Parses a figure with `-` before it or not, as in `order`.
    package static func order(_ text: String) throws(ExpressionError) -> RowOrder {
        let place = text.unicodeScalars.firstIndex { !$0.properties.isWhitespace }
        var rest = text
        let isAscending = place.map { text.unicodeScalars[$0] == "-" } ?? false
        // A space in its place leaves all positions as they are.
        if isAscending, let place {
            rest.unicodeScalars.replaceSubrange(place...place, with: [" "])
        }
        var parser = try ExpressionParser(rest)
        let figure = try parser.figure()
        try parser.expectEnd(or: .oneFigure)
        return RowOrder(figure.figure, isAscending: isAscending)
    }

    /// Parses a condition over a row's figures.
    package static func having(_ text: String) throws(ExpressionError) -> Having<Figure> {
        try having(text) { (parser) throws(ExpressionError) in
            let position = parser.position
            let figure = try parser.figure().figure
            if case .aggregate(.histogram, _) = figure {
                throw ExpressionError(.comparedHistogram, at: position)
            }
            return figure
        }
    }

    /// Parses a condition over a finding's figures.
    package static func findingHaving(
        _ text: String
    ) throws(ExpressionError) -> Having<FindingFigure> {
        try having(text) { (parser) throws(ExpressionError) in try parser.findingFigure() }
    }

    private typealias Subject<F> = (inout ExpressionParser) throws(ExpressionError) -> F

    private static func having<F>(
        _ text: String, _ subject: Subject<F>
    ) throws(ExpressionError) -> Having<F> {
        var parser = try ExpressionParser(text)
        let having = try parser.havingOr(subject)
        try parser.expectEnd(or: .connective)
        return having
    }

    // MARK: Figures

    private mutating func figure() throws(ExpressionError) -> NamedFigure {
        guard case .word(let word) = next else { throw error(.figure) }
        if tokens[index + 1].token == .sign("(") {
            guard let aggregate = Aggregate(name: word.lowercased()) else {
                throw ExpressionError(.unknownAggregate(word), at: position)
            }
            index += 2
            let opening = tokens[index - 1].position
            let field = try field()
            try close(opening, or: .closing)
            let figure = Figure.aggregate(aggregate, field)
            return NamedFigure(figure.description, figure)
        }
        guard let known = NamedFigure.named.first(where: { $0.name == word.lowercased() }) else {
            let nearest = NearestName.of(word, among: NamedFigure.named.map(\.name)).first
            throw ExpressionError(.unknownFigure(word, nearest: nearest), at: position)
        }
        index += 1
        return known
    }

    private mutating func findingFigure() throws(ExpressionError) -> FindingFigure {
        guard case .word(let word) = next else { throw error(.figure) }
        guard let figure = FindingFigure(rawValue: word.lowercased()) else {
            let names = FindingFigure.allCases.map(\.rawValue)
            let nearest = NearestName.of(word, among: names).first
            throw ExpressionError(.unknownFigure(word, nearest: nearest), at: position)
        }
        index += 1
        return figure
    }

    // MARK: Conditions

    private mutating func havingOr<F>(
        _ subject: Subject<F>
    ) throws(ExpressionError) -> Having<F> {
        var parts = [try havingAnd(subject)]
        while take(word: "or") { parts.append(try havingAnd(subject)) }
        return parts.count == 1 ? parts[0] : .or(parts)
    }

    private mutating func havingAnd<F>(
        _ subject: Subject<F>
    ) throws(ExpressionError) -> Having<F> {
        var parts = [try havingNot(subject)]
        while take(word: "and") { parts.append(try havingNot(subject)) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func havingNot<F>(
        _ subject: Subject<F>
    ) throws(ExpressionError) -> Having<F> {
        let position = position
        if take(word: "not") {
            return .not(
                try nested(position) { parser throws(ExpressionError) in
                    try parser.havingNot(subject)
                })
        }
        if take(sign: "(") {
            let inner = try nested(position) { parser throws(ExpressionError) in
                try parser.havingOr(subject)
            }
            try close(position, or: .innerConnective)
            return inner
        }
        let figure = try subject(&self)
        guard case .sign(let sign) = next, let comparator = Self.comparators[sign] else {
            throw error(.figureComparison)
        }
        index += 1
        return .comparison(figure, comparator, try limit())
    }

    private static let comparators: [String: HavingComparator] = [
        "=": .equal, "==": .equal, "!=": .unequal, "<>": .unequal, "<": .less,
        "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]

    /// A number, or for figures of durations one with a unit: they are in milliseconds.
    private mutating func limit() throws(ExpressionError) -> Double {
        guard case .word(let word) = next,
            let limit = Number(word)?.double ?? DurationText.nanoseconds(word).map({ $0 / 1e6 })
        else { throw error(.number) }
        index += 1
        return limit
    }
}
