import TestSupport
import Testing

@testable import Store

@Suite struct `Regular expressions` {
    @Test(arguments: [
        ("sql>sql", "search>sql>sql>end", true), ("sql>sql", "sql>search>sql", false),
        ("^a", "ba", false), ("^a", "ab", true), ("a$", "ba", true), ("a$", "a\n", false),
        ("(?m)a$", "a\nb", true), ("(?m)^b", "a\nb", true), ("\\Aa\\z", "a", true),
        ("colou?r", "the color", true), ("a{2,3}", "aa", true), ("^a{2,3}$", "aaaa", false),
        ("^a{2}$", "aaa", false), ("^a{2,}$", "aaaaa", true), ("a{,3}", "a{,3}", true),
        ("[^a-c]", "abc", false), ("[^a-c]", "abcd", true), ("[]a]", "]", true),
        ("[a\\-z]", "-", true), ("[a-]", "-", true), ("[[:digit:]x]+$", "12x", true),
        ("(?i)REFUND", "a Refund", true), ("(?i:É)t", "ét", true), ("(?i)[^a]", "A", false),
        ("\\bcat\\b", "a cat.", true), ("\\bcat\\b", "concat", false), ("a\\B.", "ab", true),
        ("\\d+\\s\\w", "12 x", true), (".", "\n", false), ("(?s).", "\n", true),
        ("a.c", "a😀c", true), ("^.$", "😀", true), ("\\x41\\x{1F600}", "A😀", true),
        ("(?P<name>x)|(?:y)", "y", true), ("\\Qa.b\\E", "a.b", true), ("\\Qa.b\\E", "axb", false),
        ("", "", true), ("a|", "", true), ("()*x", "x", true), ("(a*)*$", "aab", true),
        ("(a|ab)(c|bcd)$", "abcd", true), ("x*?y", "xxy", true), ("\\.", "a", false),
    ])
    func `match as RE2 does`(pattern: String, text: String, expected: Bool) throws {
        #expect(try LinearRegex(pattern).matches(text) == expected)
    }

    @Test(arguments: [
        ("(", 0), ("a)", 1), ("[a", 0), ("a**", 0), ("*a", 0), ("a{2,1}", 1), ("a{1001}", 1),
        ("(a)\\1", 3), ("(?=a)", 0), ("(?<!a)b", 0), ("[z-a]", 2), ("\\", 0), ("\\y", 0),
        ("[[:nope:]]", 0), ("\\x{110000}", 0), ("a{1000}{1000}", 0),
    ])
    func `are refused with the place of the mistake`(pattern: String, position: Int) {
        #expect {
            _ = try LinearRegex(pattern)
        } throws: { error in
            (error as? RegexError)?.position == position
        }
    }

    @Test func `are refused when they nest or repeat too much`() {
        let deep = String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)
        #expect(throws: RegexError.self) { try LinearRegex(deep) }
        #expect(throws: RegexError.self) { try LinearRegex("((a{1000}){1000}){1000}") }
        #expect(throws: Never.self) { try LinearRegex("((((){1000}){1000}){1000}){1000}") }
    }

    @Test func `take linear time where backtracking takes forever`() throws {
        let text = String(repeating: "a", count: 20_000) + "b"
        #expect(try !LinearRegex("(a+)+$").matches(text))
        #expect(try !LinearRegex("(a|a)*c").matches(text))
    }

    /// Random expressions over two letters, against a matcher that follows the tree's definition.
    @Test(arguments: 0..<20) func `agree with their definition`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<200 {
            let tree = Sample.random(depth: 4, using: &random)
            let regex = try LinearRegex(tree.pattern)
            for _ in 0..<10 {
                let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    Bool.random(using: &random) ? UInt8(ascii: "a") : UInt8(ascii: "b")
                }
                let expected = (0...text.count).contains { !tree.ends(text, $0).isEmpty }
                let string = String(decoding: text, as: UTF8.self)
                #expect(regex.matches(string) == expected, "\(tree.pattern) on \(string)")
            }
        }
    }
}

private indirect enum Sample {
    case letter(UInt8)
    case start, end
    case pair(Sample, Sample)
    case either(Sample, Sample)
    case many(Sample, Int, Int)

    static func random(depth: Int, using random: inout some RandomNumberGenerator) -> Sample {
        switch depth == 0 ? 0 : Int.random(in: 0...6, using: &random) {
        case 1, 2:
            return .pair(
                self.random(depth: depth - 1, using: &random),
                self.random(depth: depth - 1, using: &random))
        case 3:
            return .either(
                self.random(depth: depth - 1, using: &random),
                self.random(depth: depth - 1, using: &random))
        case 4:
            let least = Int.random(in: 0...2, using: &random)
            let most = least + Int.random(in: 0...2, using: &random)
            return .many(self.random(depth: depth - 1, using: &random), least, most)
        case 5: return .start
        case 6: return .end
        default: return .letter(Bool.random(using: &random) ? 97 : 98)
        }
    }

    var pattern: String {
        switch self {
        case .letter(let letter): String(UnicodeScalar(letter))
        case .start: "^"
        case .end: "$"
        case .pair(let a, let b): "(\(a.pattern))(\(b.pattern))"
        case .either(let a, let b): "(\(a.pattern)|\(b.pattern))"
        case .many(let inner, let least, let most): "(\(inner.pattern)){\(least),\(most)}"
        }
    }

    /// Where a match that begins at `place` may end.
    func ends(_ text: [UInt8], _ place: Int) -> Set<Int> {
        switch self {
        case .letter(let letter):
            return place < text.count && text[place] == letter ? [place + 1] : []
        case .start: return place == 0 ? [place] : []
        case .end: return place == text.count ? [place] : []
        case .either(let a, let b): return a.ends(text, place).union(b.ends(text, place))
        case .pair(let a, let b):
            return a.ends(text, place).reduce(into: []) { $0.formUnion(b.ends(text, $1)) }
        case .many(let inner, let least, let most):
            var current: Set<Int> = [place]
            var all: Set<Int> = least == 0 ? current : []
            for count in 1..<max(2, most + 1) where count <= most {
                current = current.reduce(into: []) { $0.formUnion(inner.ends(text, $1)) }
                if count >= least { all.formUnion(current) }
            }
            return all
        }
    }
}
