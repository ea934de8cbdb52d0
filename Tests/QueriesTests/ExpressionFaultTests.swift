import Store
import TestSupport
import Testing

@testable import Queries

/// The grammars that share the parser, and a beginning that each of them takes before anything else.
private enum Grammar: String, CaseIterable {
    case condition, failure, field, fields, figures, order, having

    /// With characters of several bytes, of two columns, of two scalars.
    var beginning: String? {
        switch self {
        case .condition, .failure: "attr(\"é日本\") = '👩‍💻e\u{301}' and "
        case .fields: "日本, attr('😀é'),"
        case .figures: "sum(日本),count , p95(attr('e\u{301}')),"
        case .having: "sum(attr(\"日本é\")) > 1 and "
        case .field, .order: nil
        }
    }

    func fault(_ text: String) -> ExpressionError? {
        do throws(ExpressionError) {
            switch self {
            case .condition: _ = try ExpressionParser.parse(text)
            case .failure: _ = try ExpressionParser.parse(text, isFailure: true)
            case .field: _ = try ExpressionParser.field(text)
            case .fields: _ = try ExpressionParser.fields(text)
            case .figures: _ = try ExpressionParser.figures(text)
            case .order: _ = try ExpressionParser.order(text)
            case .having: _ = try ExpressionParser.having(text)
            }
            return nil
        } catch {
            return error
        }
    }
}

private struct Case: CustomTestStringConvertible {
    let grammar: Grammar
    let text: String
    /// In scalars.
    let position: Int
    let fault: ExpressionFault

    init(_ grammar: Grammar, _ text: String, _ position: Int, _ fault: ExpressionFault) {
        self.grammar = grammar
        self.text = text
        self.position = position
        self.fault = fault
    }

    /// What the grammar wants at `position`, and what stands there.
    init(
        _ grammar: Grammar, _ text: String, _ position: Int, _ wanted: ExpressionFault.Wanted,
        _ found: String = "the end"
    ) {
        self.init(grammar, text, position, .expected(wanted, found: found))
    }

    var testDescription: String { "\(grammar): \(text.prefix(60))" }
}

/// Every place of the lexer and the parser that throws.
private let cases: [Case] = [
    // Signs and quotes.
    Case(.condition, "a ! 1", 2, .sign, "!"), Case(.condition, "a = 1 !", 6, .sign, "!"),
    Case(.condition, "日本 ! 1", 3, .sign, "!"), Case(.having, "count ! 1", 6, .sign, "!"),
    Case(.condition, "a = 'x", 4, .openQuote), Case(.condition, "a = \"x'", 4, .openQuote),
    Case(.condition, "a = 'é\\'", 4, .openQuote), Case(.condition, "a = '", 4, .openQuote),
    Case(.condition, "a = 'x' or b = \"日本 and (", 15, .openQuote),
    Case(.condition, "a = \"e\u{301}\" or b = '", 16, .openQuote),
    Case(.fields, "attr(\"x", 5, .openQuote), Case(.figures, "sum(attr('é", 9, .openQuote),

    // What is no name.
    Case(.condition, "", 0, .name), Case(.condition, "  ", 2, .name),
    Case(.condition, "and = 1", 0, .name, "and"), Case(.condition, "\"a\" = 1", 0, .name, "\"a\""),
    Case(.condition, "'é\"' = 1", 0, .name, "\"é\\\"\""), Case(.condition, "= 1", 0, .name, "="),
    Case(.condition, "a = 1 and", 9, .name), Case(.condition, "a = 1 or ", 9, .name),
    Case(.condition, "not", 3, .name), Case(.condition, "()", 1, .name, ")"),
    Case(.condition, "span()", 5, .name, ")"), Case(.condition, "has()", 4, .name, ")"),
    Case(.condition, "has(not)", 4, .name, "not"), Case(.condition, "has('a')", 4, .name, "\"a\""),
    Case(.fields, "a,", 2, .name), Case(.fields, "a,,b", 2, .name, ","), Case(.field, "", 0, .name),
    Case(.figures, "sum()", 4, .name, ")"), Case(.figures, "sum(in)", 4, .name, "in"),
    Case(.having, "sum('a') > 1", 4, .name, "\"a\""), Case(.order, "-sum(", 5, .name),
    Case(.field, "a b", 2, .oneName, "b"), Case(.field, "a,b", 1, .oneName, ","),
    Case(.fields, "a b", 2, .comma, "b"), Case(.fields, "日本 日本", 3, .comma, "日本"),
    Case(.condition, "attr(x) = 1", 5, .quotedName, "x"),
    Case(.fields, "attr()", 5, .quotedName, ")"),
    Case(.fields, "attr(", 5, .quotedName),
    Case(.condition, "count(a) > 1", 0, .unknownFunction("count")),
    Case(.condition, "not 数(a) > 1", 4, .unknownFunction("数")),
    Case(.fields, "lower(a)", 0, .unknownFunction("lower")),
    Case(.having, "sum(lower(a)) > 1", 4, .unknownFunction("lower")),

    // What is no comparison.
    Case(.condition, "tenant", 6, .noComparison(after: Field("tenant"), found: "the end")),
    Case(.condition, "日本 ", 3, .noComparison(after: Field("日本"), found: "the end")),
    Case(.condition, "a b", 2, .noComparison(after: Field("a"), found: "b")),
    Case(.condition, "a 'b'", 2, .noComparison(after: Field("a"), found: "\"b\"")),
    Case(.condition, "a (", 2, .noComparison(after: Field("a"), found: "(")),
    Case(.condition, "(a)", 2, .noComparison(after: Field("a"), found: ")")),
    Case(.condition, "a not b", 2, .noComparison(after: Field("a"), found: "not")),
    Case(
        .condition, "attr('e\u{301}') ,", 11,
        .noComparison(after: Field("e\u{301}", scope: .attribute), found: ",")),
    Case(.condition, "a is 1", 5, .null, "1"), Case(.condition, "a is", 4, .null),
    Case(.condition, "a is not", 8, .null),
    Case(.condition, "a is not 'null'", 9, .null, "\"null\""),
    Case(.condition, "a =", 3, .value), Case(.condition, "tenant =  ", 10, .value),
    Case(.condition, "a = = 1", 4, .value, "="), Case(.condition, "a = (1)", 4, .value, "("),
    Case(.condition, "a contains", 10, .value),
    Case(.condition, "a starts-with )", 14, .value, ")"),
    Case(.condition, "a in (", 6, .value), Case(.condition, "a in ()", 6, .value, ")"),
    Case(.condition, "é in (日, )", 9, .value, ")"), Case(.condition, "(a =", 4, .value),
    Case(.condition, "a in 1", 5, .list, "1"), Case(.condition, "a not in", 8, .list),
    Case(.condition, "a in (1 2)", 8, .listEnd, "2"),
    Case(.condition, "a in ('é' = 2)", 10, .listEnd, "="),
    Case(.condition, "a ~ '('", 4, .badPattern(reason: "")),
    Case(.condition, "日本 !~ \"😀[\"", 6, .badPattern(reason: "")),
    Case(.condition, "a ~ *", 4, .badPattern(reason: "")),

    Case(.condition, "ttft > p95", 7, .percentileOfOther("p95", Field("ttft"))),
    Case(
        .condition, "日本 <= p99.9", 6, .percentileOfOther("p99.9", Field("日本"))),
    Case(
        .condition, "span.duration < p1", 16,
        .percentileOfOther("p1", Field("duration", scope: .span))),

    // What stands behind it.
    Case(.condition, "a = 1)", 5, .connective, ")"),
    Case(.condition, "a = 1 b = 2", 6, .connective, "b"),
    Case(.condition, "a = 日本 'x'", 7, .connective, "\"x\""),
    Case(.condition, "failed 1", 7, .connective, "1"),
    Case(.condition, "a = 1, b = 2", 5, .connective, ","),
    Case(.condition, "has(a) = 1", 7, .connective, "="),
    Case(.having, "count > 1 failures", 10, .connective, "failures"),
    Case(.condition, "(a = 1 b = 2)", 7, .innerConnective, "b"),
    Case(.condition, "span(é = 日 😀)", 11, .innerConnective, "😀"),
    Case(.having, "(count > 1, x)", 10, .innerConnective, ","),
    Case(.condition, "has(a b)", 6, .closing, "b"), Case(.fields, "attr('a' b)", 9, .closing, "b"),
    Case(.figures, "sum(é,日)", 5, .closing, ","),
    Case(.condition, "attr('a', 'b') = 1", 8, .closing, ","),

    // Parentheses that are never closed: where they were opened.
    Case(.condition, "(a = 1", 0, .openParenthesis),
    Case(.condition, "a = 日 and (b = 1", 10, .openParenthesis),
    Case(.condition, "((a = 1)", 0, .openParenthesis),
    Case(.condition, "(a = 1 and (b = 2)", 0, .openParenthesis),
    Case(.condition, "(a = 1 and (b = 2", 11, .openParenthesis),
    Case(.condition, "span (a = 1", 5, .openParenthesis),
    Case(.condition, "not has(日", 7, .openParenthesis),
    Case(.condition, "a in (1", 5, .openParenthesis),
    Case(.condition, "é not in (日, 2", 9, .openParenthesis),
    Case(.fields, "attr('x'", 4, .openParenthesis), Case(.figures, "sum(cost", 3, .openParenthesis),
    Case(.having, "(count > 1", 0, .openParenthesis), Case(.having, "sum(日 ", 3, .openParenthesis),

    // Figures.
    Case(.figures, "", 0, .figure), Case(.figures, "count,", 6, .figure),
    Case(.figures, "'count'", 0, .figure, "\"count\""),
    Case(.having, "(", 1, .figure), Case(.having, "count > 1 and", 13, .figure),
    Case(.having, "not )", 4, .figure, ")"),
    Case(.order, "", 0, .figure), Case(.order, " -", 2, .figure),
    Case(.order, " - 'é'", 3, .figure, "\"é\""),
    Case(.figures, "count failures", 6, .comma, "failures"),
    Case(.order, "-count, failures", 6, .oneFigure, ","),
    Case(.order, "count x", 6, .oneFigure, "x"),
    Case(.figures, "counts", 0, .unknownFigure("counts", nearest: "count")),
    Case(.figures, "count, 日本", 7, .unknownFigure("日本", nearest: nil)),
    Case(.order, "  -zzzzzzzz", 3, .unknownFigure("zzzzzzzz", nearest: nil)),
    Case(.order, "-p95_mss", 1, .unknownFigure("p95_mss", nearest: "p95_ms")),
    Case(.having, "5 > count", 0, .unknownFigure("5", nearest: nil)),
    Case(.figures, "p101(duration)", 0, .unknownAggregate("p101")),
    Case(.figures, "p0(duration)", 0, .unknownAggregate("p0")),
    Case(.having, "count > 1 or 中(a) > 1", 13, .unknownAggregate("中")),
    Case(.order, "-median(duration)", 1, .unknownAggregate("median")),
    Case(.having, "count", 5, .figureComparison),
    Case(.having, "count 1", 6, .figureComparison, "1"),
    Case(.having, "count ~ 1", 6, .figureComparison, "~"),
    Case(.having, "count in (1)", 6, .figureComparison, "in"),
    Case(.having, "count >", 7, .number), Case(.having, "count > x", 8, .number, "x"),
    Case(.having, "count > '1'", 8, .number, "\"1\""), Case(.having, "sum(日) > -", 9, .number, "-"),
    Case(.having, "count > 1e999", 8, .number, "1e999"),
    Case(.having, "histogram(x) > 1", 0, .comparedHistogram),
    Case(.having, "count > 1 and histogram(日) > 1", 14, .comparedHistogram),

    // Limits, and the definition of a failure.
    Case(.condition, String(repeating: "(", count: 10_000), 100, .tooDeep),
    Case(.condition, String(repeating: "not ", count: 3000) + "a = 1", 400, .tooDeep),
    Case(.condition, String(repeating: "span(", count: 3000), 504, .tooDeep),
    Case(.condition, String(repeating: "not (", count: 60), 250, .tooDeep),
    Case(.having, String(repeating: "(", count: 10_000), 100, .tooDeep),
    Case(.having, String(repeating: "NOT ", count: 101) + "count > 1", 400, .tooDeep),
    Case(.failure, "failed", 0, .failedInFailure),
    Case(.failure, "é = 1 and not FAILED", 14, .failedInFailure),
    Case(.failure, "failed or failed", 0, .failedInFailure),
    Case(.failure, "a = failed and span(failed)", 20, .failedInFailure),
]

/// Cases whose text is as long as a text may be, so that nothing goes before it.
private let lengthCases: [Case] = Grammar.allCases.map {
    Case($0, String(repeating: "é", count: 16_385), 16_384, .tooLong)
}

/// One name for each fault: the compiler asks for a new one here, and the test then for a case of it.
private enum FaultName: CaseIterable {
    case expected, noComparison, openQuote, openParenthesis, tooLong, tooDeep, unknownFunction
    case unknownAggregate, unknownFigure, badPattern, failedInFailure, comparedHistogram
    case percentileOfOther

    init(_ fault: ExpressionFault) {
        self =
            switch fault {
            case .expected: .expected
            case .noComparison: .noComparison
            case .openQuote: .openQuote
            case .openParenthesis: .openParenthesis
            case .tooLong: .tooLong
            case .tooDeep: .tooDeep
            case .unknownFunction: .unknownFunction
            case .unknownAggregate: .unknownAggregate
            case .unknownFigure: .unknownFigure
            case .badPattern: .badPattern
            case .percentileOfOther: .percentileOfOther
            case .failedInFailure: .failedInFailure
            case .comparedHistogram: .comparedHistogram
            }
    }
}

@Suite struct `Mistakes in expressions` {
    @Test(arguments: cases + lengthCases) private func `are told with their place`(
        mistake: Case
    ) throws {
        let error = try #require(mistake.grammar.fault(mistake.text))
        #expect(error.position == mistake.position, "\(error.message)")
        if case .badPattern = mistake.fault {
            // Why is what the regular expression's own tests are about.
            #expect(error.message.hasPrefix("not a regular expression: "))
        } else {
            #expect(error.fault == mistake.fault)
        }
    }

    /// The place is counted in scalars, whatever stands before it.
    @Test(arguments: cases) private func `are told with their place behind other text`(
        mistake: Case
    ) throws {
        guard let beginning = mistake.grammar.beginning else { return }
        let error = try #require(mistake.grammar.fault(beginning + mistake.text))
        #expect(error.position == beginning.unicodeScalars.count + mistake.position)
        #expect(FaultName(error.fault) == FaultName(mistake.fault))
    }

    @Test func `are all here`() {
        let all = cases + lengthCases
        let names = Set(all.map { FaultName($0.fault) })
        #expect(FaultName.allCases.filter { !names.contains($0) } == [])
        let wanted = Set(
            all.compactMap { if case .expected(let wanted, _) = $0.fault { wanted } else { nil } })
        #expect(ExpressionFault.Wanted.allCases.filter { !wanted.contains($0) } == [])
        let messages = Set(all.map(\.fault.message))
        #expect(messages.allSatisfy { !$0.isEmpty })
    }

    @Test func `say what was expected and what was found`() {
        func message(_ grammar: Grammar, _ text: String) -> String? { grammar.fault(text)?.message }
        #expect(message(.condition, "tenant =") == "expected a value, found the end")
        #expect(
            message(.condition, "tenant acme")
                == "expected a comparison after tenant, found acme")
        #expect(message(.condition, "(a = 1") == "this parenthesis is never closed")
        #expect(
            message(.condition, "count(a) > 1")
                == "unknown function count; there are has, span and attr")
        #expect(message(.having, "counts > 1") == "unknown figure counts; did you mean count?")
    }
}

@Suite struct `Limits of expressions` {
    @Test func `are 16,384 scalars`() throws {
        // Two scalars a character, two or four bytes a scalar.
        for filling in ["a", "é", "😀", "e\u{301}"] {
            let start = "a = \""
            let count = (16_384 - start.count - 1) / filling.unicodeScalars.count
            var text = start + String(repeating: filling, count: count)
            while text.unicodeScalars.count < 16_383 { text += "x" }
            text += "\""
            #expect(text.unicodeScalars.count == 16_384)
            #expect(throws: Never.self) { try ExpressionParser.parse(text) }
            #expect(throws: ExpressionError(.tooLong, at: 16_384)) {
                try ExpressionParser.parse(text + " ")
            }
        }
    }

    @Test(arguments: ["(", "not (", "span(", "not has(a) or ("]) func `are a hundred levels`(
        opening: String
    ) throws {
        let levels = opening.hasPrefix("not (") ? 50 : 100
        func nested(_ count: Int) -> String {
            String(repeating: opening, count: count) + "a = 1"
                + String(repeating: ")", count: count)
        }
        let deepest = try ExpressionParser.parse(nested(levels))
        #expect(try ExpressionParser.parse(deepest.description) == deepest)
        let error = #expect(throws: ExpressionError.self) {
            try ExpressionParser.parse(nested(levels + 1))
        }
        #expect(error?.fault == .tooDeep)
    }

    /// Lists are no deeper for being long.
    @Test(arguments: [" and a=1", " or a=1"]) func `are none for lists`(part: String) throws {
        let text = "a=1" + String(repeating: part, count: 1800)
        let parts: [Expression]
        switch try ExpressionParser.parse(text) {
        case .and(let found), .or(let found): parts = found
        default: parts = []
        }
        #expect(parts.count == 1801)
        let values = try ExpressionParser.parse(
            "a in (1" + String(repeating: ",1", count: 8000) + ")")
        guard case .comparison(let comparison) = values else { return }
        #expect(comparison.literals.count == 8001)
    }
}

@Suite struct `Broken expressions` {
    private static let pieces: [Unicode.Scalar] = [
        "(", ")", "'", "\"", "\\", "=", "!", "<", ">", "~", ",", " ", "\n", "\0", "-", ".", "é",
        "\u{301}",
        "日", "😀", "\u{200D}", "a", "0", "p", "s",
    ]

    /// Accepted, or refused at a place that the text has.
    private func check(_ text: String, _ grammar: Grammar) throws {
        guard let error = grammar.fault(text) else {
            guard grammar == .condition else { return }
            let expression = try ExpressionParser.parse(text)
            // Printing may write more than was written: quotes, spaces.
            guard expression.description.unicodeScalars.count <= ExpressionParser.lengthMax else {
                return
            }
            #expect(try ExpressionParser.parse(expression.description) == expression, "\(text)")
            return
        }
        #expect((0...text.unicodeScalars.count).contains(error.position), "\(text)")
        #expect(!error.message.isEmpty)
    }

    @Test(arguments: 0..<40) func `are accepted or refused within the text`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let grammar: Grammar = random.chance(0.7) ? .condition : .having
            let text =
                grammar == .condition
                ? random.expression(depth: 3).description : random.having(depth: 3).description
            for _ in 0..<4 {
                var scalars = Array(text.unicodeScalars)
                let place = Int.random(in: 0..<scalars.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: scalars.remove(at: place)
                case 1: scalars[place] = random.pick(Self.pieces)
                case 2: scalars.insert(random.pick(Self.pieces), at: place)
                default: scalars.removeSubrange(place...)
                }
                var broken = String.UnicodeScalarView()
                broken.append(contentsOf: scalars)
                try check(String(broken), grammar)
            }
        }
    }

    /// As a client may send it: what is no UTF-8 comes with replacement characters.
    @Test(arguments: 0..<20) func `are so byte by byte too`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            var bytes = Array(random.expression(depth: 3).description.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            try check(String(decoding: bytes, as: UTF8.self), .condition)
        }
    }

    @Test(arguments: 0..<20) func `of random pieces are so too`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let words = [
            "and", "or", "not", "in", "is", "null", "has", "contains", "starts-with", "failed",
            "span",
            "attr", "count", "p95", "sum", "2s", "(", ")", ",", "=", "!=", "~", "'x'", "\"\"", "é",
        ]
        for _ in 0..<300 {
            let count = Int.random(in: 0...12, using: &random)
            let text = (0..<count).map { _ in random.pick(words) }.joined(separator: " ")
            for grammar in Grammar.allCases { try check(text, grammar) }
        }
    }
}
