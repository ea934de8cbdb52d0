import Store
import TestSupport
import Testing

@testable import Queries

/// `==` takes é and e with an accent behind it for one text, so what was printed is compared byte by byte.
private func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

@Suite struct `Printed expressions` {
    @Test(arguments: 0..<60) func `parse back to the same`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let expression = random.expression(depth: 4)
            let text = expression.description
            let parsed = try ExpressionParser.parse(text)
            #expect(parsed == expression, "\(text)")
            #expect(isSame(parsed.description, text))
        }
    }

    @Test(arguments: 0..<20) func `parse back in having and order too`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let having = random.having(depth: 4)
            let text = having.description
            let parsed = try ExpressionParser.having(text)
            #expect(parsed == having, "\(text)")
            #expect(isSame(parsed.description, text))

            let figure = random.figure()
            let named = try ExpressionParser.figures("\(figure) , count")
            #expect(named.map(\.figure) == [figure, .count], "\(figure)")
            #expect(
                try ExpressionParser.order(" -\(figure)") == RowOrder(figure, isAscending: true))
        }
    }

    @Test(arguments: 0..<20) func `name fields as by reads them`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let field = random.field()
            let parsed = try ExpressionParser.fields("\(field),\(field)")
            #expect(parsed == [field, field], "\(field)")
            #expect(parsed.allSatisfy { isSame($0.name, field.name) })
        }
    }

    /// A literal made for a text matches that text alone: it reads neither as a number, nor as a duration,
    /// nor as a truth value.
    @Test(arguments: 0..<20) func `keep the text of a value`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let text = random.chance(0.5) ? random.text() : random.word()
            let comparison = Comparison(Field("a"), .equal, [Literal(exactly: text)])
            let parsed = try ExpressionParser.parse(Expression.comparison(comparison).description)
            guard case .comparison(let read) = parsed else {
                Issue.record("\(text)")
                continue
            }
            switch read.literals[0] {
            case .text(let found): #expect(isSame(found, text))
            case .bare(let found):
                #expect(isSame(found, text))
                #expect(Double(found) == nil && Bool(found.lowercased()) == nil, "\(found)")
            case .duration, .percentile: Issue.record("\(text)")
            }
        }
    }

    @Test(arguments: [
        (0.000001, "1ns"), (0.00005, "50ns"), (0.0001, "0.0001ms"), (2999.998473, "2999.998473ms"),
        (0, "0.0ms"), (86_400_000, "86400000.0ms"), (9_000_000_000_000, "9000000000000.0ms"),
    ]) func `write durations that read back to the nanosecond`(milliseconds: Double, text: String) {
        #expect(DurationText.text(milliseconds: milliseconds) == text)
        #expect(DurationText.nanoseconds(text) == (milliseconds * 1e6).rounded())
    }

    @Test(arguments: 0..<20) func `write any duration so`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let nanoseconds = Int64.random(
                in: 0...(1 << Int64.random(in: 1...51, using: &random)), using: &random)
            let text = DurationText.text(milliseconds: Double(nanoseconds) / 1e6)
            #expect(DurationText.nanoseconds(text) == Double(nanoseconds), "\(text)")
        }
    }
}

// MARK: Precedence

/// A tree of `not`, `and`, `or` over a few names, and what it is worth.
private indirect enum Tree {
    case leaf(Int)
    case not(Tree)
    case and([Tree])
    case or([Tree])

    static let leafCount = 5

    static func random(_ depth: Int, _ random: inout SeededGenerator) -> Tree {
        func parts() -> [Tree] {
            (0..<Int.random(in: 2...3, using: &random)).map { _ in self.random(depth - 1, &random) }
        }
        switch depth == 0 ? 0 : Int.random(in: 0...4, using: &random) {
        case 1: return .not(self.random(depth - 1, &random))
        case 2: return .and(parts())
        case 3, 4: return .or(parts())
        default: return .leaf(Int.random(in: 0..<leafCount, using: &random))
        }
    }

    /// - Parameter values: the truth of leaf n is bit n.
    func truth(_ values: Int) -> Bool {
        switch self {
        case .leaf(let index): values >> index & 1 == 1
        case .not(let inner): !inner.truth(values)
        case .and(let parts): parts.allSatisfy { $0.truth(values) }
        case .or(let parts): parts.contains { $0.truth(values) }
        }
    }

    var expression: Expression {
        switch self {
        case .leaf(let index): .has(Field("v\(index)"))
        case .not(let inner): .not(inner.expression)
        case .and(let parts): .and(parts.map(\.expression))
        case .or(let parts): .or(parts.map(\.expression))
        }
    }

    /// With parentheses around everything, so that no rule of precedence matters.
    func parenthesised(_ random: inout SeededGenerator) -> String {
        func word(_ word: String) -> String { random.chance(0.5) ? word : word.uppercased() }
        switch self {
        case .leaf(let index): return "(has(v\(index)))"
        case .not(let inner): return "(\(word("not")) \(inner.parenthesised(&random)))"
        case .and(let parts), .or(let parts):
            let joint = if case .and = self { "and" } else { "or" }
            return "("
                + parts.map { $0.parenthesised(&random) }.joined(separator: " \(word(joint)) ")
                + ")"
        }
    }
}

extension Expression {
    fileprivate func truth(_ values: Int) -> Bool {
        switch self {
        case .has(let field): values >> (Int(field.name.dropFirst()) ?? 0) & 1 == 1
        case .not(let inner), .span(let inner): inner.truth(values) == (self == .span(inner))
        case .and(let parts): !parts.contains { !$0.truth(values) }
        case .or(let parts): parts.contains { $0.truth(values) }
        case .comparison, .failed: false
        }
    }
}

/// Works an expression out by replacing: what is in the innermost parentheses, there `not`, then `and`, then
/// `or`, until one truth value is left.
private func workedOut(_ text: String, _ values: Int) -> Bool? {
    var text = text
    for index in 0..<Tree.leafCount {
        let value = values >> index & 1 == 1 ? "1" : "0"
        text = text.replacing("v\(index) is null", with: value == "1" ? "0" : "1")
        text = text.replacing("has(v\(index))", with: value)
    }
    let rules = [
        ("not 0", "1"), ("not 1", "0"), ("0 and 0", "0"), ("0 and 1", "0"), ("1 and 0", "0"),
        ("1 and 1", "1"), ("0 or 0", "0"), ("0 or 1", "1"), ("1 or 0", "1"), ("1 or 1", "1"),
    ]
    func simplified(_ text: Substring) -> String {
        var text = String(text)
        for kind in ["not", "and", "or"] {
            var isChanged = true
            while isChanged {
                isChanged = false
                for (pattern, value) in rules where pattern.contains(kind) {
                    while let range = text.firstRange(of: pattern) {
                        text.replaceSubrange(range, with: value)
                        isChanged = true
                    }
                }
            }
        }
        return text
    }
    while let close = text.firstIndex(of: ")") {
        guard let open = text[..<close].lastIndex(of: "(") else { return nil }
        let value = simplified(text[text.index(after: open)..<close])
        text.replaceSubrange(open...close, with: value)
    }
    return ["0": false, "1": true][simplified(text[...])]
}

@Suite struct `Precedence` {
    private static let assignments = 0..<(1 << Tree.leafCount)

    @Test(arguments: 0..<8) func `is what was grouped, printed with few parentheses`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let tree = Tree.random(4, &random)
            let text = tree.expression.description
            for values in Self.assignments {
                #expect(workedOut(text, values) == tree.truth(values), "\(text)")
            }
        }
    }

    @Test(arguments: 0..<8) func `is what was grouped, parsed`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let tree = Tree.random(4, &random)
            let full = try ExpressionParser.parse(tree.parenthesised(&random))
            let short = try ExpressionParser.parse(tree.expression.description)
            #expect(full == short)
            for values in Self.assignments {
                #expect(full.truth(values) == tree.truth(values))
            }
        }
    }

    /// No pair of parentheses can be left out: the text would not mean the same tree.
    @Test(arguments: 0..<10) func `takes no more parentheses than it needs`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let expression = Tree.random(4, &random).expression
            let text = Array(expression.description)
            var open: [Int] = []
            for (place, character) in text.enumerated() {
                if character == "(" { open.append(place) }
                guard character == ")", let start = open.popLast() else { continue }
                if start >= 3, String(text[(start - 3)..<start]) == "has" { continue }
                var shorter = text
                shorter.remove(at: place)
                shorter.remove(at: start)
                #expect(try ExpressionParser.parse(String(shorter)) != expression)
            }
        }
    }

    @Test(arguments: [
        ("has(v0) or has(v1) and has(v2)", "has(v0) or (has(v1) and has(v2))"),
        ("not has(v0) and has(v1)", "(not has(v0)) and has(v1)"),
        ("not has(v0) or has(v1)", "(not has(v0)) or has(v1)"),
        ("not not has(v0) and has(v1)", "(not (not has(v0))) and has(v1)"),
        ("has(v0) and not has(v1) or has(v2)", "(has(v0) and (not has(v1))) or has(v2)"),
        ("not v0 is null", "not (v0 is null)"), ("not v0 in (1)", "not (v0 in (1))"),
    ])
    func `is not before and, and before or`(short: String, full: String) throws {
        #expect(try ExpressionParser.parse(short) == ExpressionParser.parse(full))
    }
}
