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
        "a = 0", "a = -9223372036854775808", "a = 9223372036854775808", "a = -0.0", "a = 1e308",
        "a = 1e-308", "a = 1e999", "a = .5", "a = 0x10", "a = -5s", "a = 1e3s", "a = and",
        "a in (not, null, p, p0, p101, p-5)", "a = 東京", "a = e\u{301}", "a = 👩‍💻", "a = \u{301}",
    ])
    func `keep values without quotes as they were written`(text: String) throws {
        guard case .comparison(let comparison) = try ExpressionParser.parse(text) else {
            Issue.record("\(text) is a comparison")
            return
        }
        for literal in comparison.literals {
            if case .bare = literal { continue }
            Issue.record("\(literal) in \(text)")
        }
        #expect(Expression.comparison(comparison).description.utf8.elementsEqual(text.utf8))
    }

    @Test(
        arguments: [
            ("250ms", 250e6), ("2s", 2e9), ("1.5h", 5400e9), ("7d", 604_800e9), ("1w", 604_800e9),
            ("3m", 180e9), ("5us", 5000), ("5µs", 5000), ("1ns", 1), ("0.000001ms", 1),
            ("2999.998473ms", 2_999_998_473), ("0.1s", 1e8), ("106751d", 9_223_286_400e9),
        ] as [(String, Double)])
    func `take durations in nanoseconds, exactly where they are whole`(
        word: String, nanoseconds: Double
    ) throws {
        let expression = try ExpressionParser.parse("a = " + word)
        #expect(
            expression
                == .comparison(
                    Comparison(
                        Field("a"), .equal, [.duration(nanoseconds: nanoseconds, text: word)])))
    }

    @Test(arguments: ["p50", "p99.9", "p100", "p0.1"]) func `take percentiles`(word: String) throws
    {
        let expression = try ExpressionParser.parse("duration > " + word)
        let rank = try #require(Double(word.dropFirst()))
        #expect(
            expression
                == .comparison(
                    Comparison(Field("duration"), .greater, [.percentile(rank, text: word)])))
    }

    @Test(
        arguments: [
            (#"a = "x\"y""#, "x\"y"), (#"a = 'x"y'"#, "x\"y"), (#"a = 'it\'s'"#, "it's"),
            (#"a = "\\""#, "\\"), (#"a = "\n\t\r""#, "\n\t\r"), (#"a = "\d""#, "d"),
            ("a = \"\u{301}x\"", "\u{301}x"), ("a = \"x\"\u{20}", "x"), ("a = \"\r\n\"", "\r\n"),
            ("a = \"\u{200D}\u{FE0F}\"", "\u{200D}\u{FE0F}"), ("a = \"\u{0}\"", "\u{0}"),
        ] as [(String, String)])
    func `take quoted text scalar by scalar`(text: String, value: String) throws {
        guard case .comparison(let comparison) = try ExpressionParser.parse(text),
            case .text(let found)? = comparison.literals.first
        else {
            Issue.record("\(text) compares with text")
            return
        }
        #expect(found.unicodeScalars.elementsEqual(value.unicodeScalars))
    }
}
