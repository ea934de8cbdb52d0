import Store
import TestSupport
import Testing

@testable import Queries

@Suite struct `Expressions` {
    @Test(arguments: [
        ("tenant = acme", "tenant = acme"),
        ("tenant==\"Big Co\"", "tenant = \"Big Co\""),
        ("a = 1 and b = 2 or c = 3", "a = 1 and b = 2 or c = 3"),
        ("a = 1 and (b = 2 or c = 3)", "a = 1 and (b = 2 or c = 3)"),
        ("NOT a = 1 AND b = 2", "a != 1 and b = 2"),
        ("not (a = 1 and b = 2)", "not (a = 1 and b = 2)"),
        ("a != 1", "a != 1"), ("a <> 1", "a != 1"), ("a !~ x", "a !~ x"),
        ("a not in (1, 'x y')", "a not in (1, \"x y\")"), ("a in(1)", "a in (1)"),
        ("a is null", "a is null"), ("a is not null", "has(a)"), ("has(user)", "has(user)"),
        ("failed and duration > 2s", "failed and duration > 2s"),
        ("duration >= p95", "duration >= p95"),
        ("span(tool = sql and status = error)", "span(tool = sql and status = error)"),
        ("attr(\"my key\") = 1", "attr(\"my key\") = 1"),
        ("root.name = 'x'", "root.name = \"x\""),
        ("event.exception.type = E", "event.exception.type = E"),
        ("prompt.text contains 'a\\'b\\\\c'", "prompt.text contains \"a'b\\\\c\""),
        ("name starts-with ex", "name starts-with ex"),
        ("release = 1.4.2+ab", "release = 1.4.2+ab"),
        ("tool.sequence ~ \"sql>sql\"", "tool.sequence ~ \"sql>sql\""),
        ("span.x = 1", "span.x = 1"),
        ("not not a = 1", "not a != 1"), ("temperature < -0.5", "temperature < -0.5"),
        ("tenant = 東京", "tenant = 東京"), ("failed = 1", "attr(\"failed\") = 1"),
    ])
    func `read as they were meant`(text: String, printed: String) throws {
        let expression = try ExpressionParser.parse(text)
        #expect(expression.description == printed)
        #expect(try ExpressionParser.parse(printed).description == printed)
    }

    @Test(arguments: [
        ("", 0), ("tenant", 6), ("tenant =", 8), ("tenant = acme and", 17), ("(a = 1", 6),
        ("a = 1)", 5), ("a = 'x", 4), ("a ~ '('", 4), ("count(a) > 1", 0), ("a = 1 b = 2", 6),
        ("a in ()", 6), ("a in 1", 5), ("and = 1", 0), ("a is 1", 5), ("attr(x) = 1", 5),
        ("a ! 1", 2), ("a = = 1", 4), ("has(a", 5),
    ])
    func `are refused at the place of the mistake`(text: String, position: Int) {
        #expect {
            _ = try ExpressionParser.parse(text)
        } throws: { error in
            (error as? ExpressionError)?.position == position
        }
    }

    @Test func `cannot define a failure by itself`() {
        #expect(throws: ExpressionError("failed is what this expression defines", at: 10)) {
            try ExpressionParser.parse("a = 1 and failed", isFailure: true)
        }
    }

    @Test func `nest to a limit and no deeper`() {
        let parentheses = { (count: Int) in
            String(repeating: "(", count: count) + "a = 1" + String(repeating: ")", count: count)
        }
        #expect(throws: Never.self) { try ExpressionParser.parse(parentheses(100)) }
        #expect(throws: ExpressionError.self) { try ExpressionParser.parse(parentheses(101)) }
        #expect(throws: ExpressionError.self) {
            try ExpressionParser.parse(String(repeating: "not ", count: 3000) + "a = 1")
        }
    }

    @Test(arguments: 0..<30) func `print as what parses back to the same`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<100 {
            let expression = Expression.random(depth: 4, using: &random)
            let text = expression.description
            #expect(try ExpressionParser.parse(text) == expression, "\(text)")
        }
    }

    @Test(arguments: 0..<20) func `never crash on broken text`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<300 {
            var characters = Array(Expression.random(depth: 3, using: &random).description)
            for _ in 0..<3 where !characters.isEmpty {
                let place = Int.random(in: 0..<characters.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: characters.remove(at: place)
                case 1: characters[place] = "()'\"=!<>~, \\é".randomElement(using: &random) ?? "("
                default: characters.insert(characters[place], at: place)
                }
            }
            let text = String(characters)
            do {
                let expression = try ExpressionParser.parse(text)
                #expect(try ExpressionParser.parse(expression.description) == expression)
            } catch {
                #expect((0...text.count).contains(error.position))
            }
        }
    }
}

extension Expression {
    static func random(depth: Int, using random: inout SeededGenerator) -> Expression {
        switch depth == 0 ? 0 : Int.random(in: 0...8, using: &random) {
        case 1, 2: return .and(parts(depth, &random) { if case .and = $0 { true } else { false } })
        case 3, 4: return .or(parts(depth, &random) { if case .or = $0 { true } else { false } })
        case 5: return .not(self.random(depth: depth - 1, using: &random))
        case 6: return .span(self.random(depth: depth - 1, using: &random))
        case 7: return .has(field(&random))
        case 8: return .failed
        default: return comparison(&random)
        }
    }

    /// `a and (b and c)` prints as it is grouped, and parses as one list only if it is one.
    private static func parts(
        _ depth: Int, _ random: inout SeededGenerator, isSame: (Expression) -> Bool
    ) -> [Expression] {
        (0..<Int.random(in: 2...3, using: &random)).map { _ in
            self.random(depth: depth - 1, using: &random)
        }.map { isSame($0) ? .failed : $0 }
    }

    private static func comparison(_ random: inout SeededGenerator) -> Expression {
        let operators: [Comparison.Operator] = [
            .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .matches, .contains,
            .startsWith, .isIn,
        ]
        let comparator = operators.randomElement(using: &random) ?? .equal
        let count = comparator == .isIn ? Int.random(in: 1...3, using: &random) : 1
        let literals = (0..<count).map { _ in literal(comparator == .matches, &random) }
        return .comparison(Comparison(field(&random), comparator, literals))
    }

    private static func field(_ random: inout SeededGenerator) -> Field {
        let scopes: [Field.Scope] = [.any, .root, .span, .resource, .scope, .event, .attribute]
        let scope = scopes.randomElement(using: &random) ?? .any
        if scope == .any || scope == .attribute, Bool.random(using: &random) {
            let odd = ["my key", "and", "root.x", "a\"b\\c", "é", "not", "a=b", ""]
            return Field(odd.randomElement(using: &random) ?? "x", scope: .attribute)
        }
        let names = ["tenant", "prompt.version", "gen_ai.tool.name", "x-y/z", "a_1"]
        return Field(names.randomElement(using: &random) ?? "x", scope: scope)
    }

    private static func literal(_ isPattern: Bool, _ random: inout SeededGenerator) -> Literal {
        let texts = ["acme", "", "a b", "\"", "\\", "\n\t", "é😀", "1", "p95", "null", "sql>sql"]
        switch isPattern ? 0 : Int.random(in: 0...3, using: &random) {
        case 1:
            return .bare(
                ["acme", "1.5", "-3", "de-DE", "true"].randomElement(using: &random) ?? "a")
        case 2: return .duration(nanoseconds: 2.5e9, text: "2.5s")
        case 3: return .percentile(99.9, text: "p99.9")
        default:
            let text = texts.randomElement(using: &random) ?? ""
            return .text(isPattern && text == "\\" ? "\\\\" : text)
        }
    }
}
