import Testing

@testable import Queries

@Suite struct `The caret of an error` {
    /// How terminals draw them: xterm, VTE, iTerm2, kitty.
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한국", 4), ("ｱ", 1), ("Ａ", 2),
        ("😀", 2),
        ("👩‍💻", 2), ("🇩🇪", 2), ("❤️", 2), ("❤", 1), ("\u{200B}", 0), ("…", 1), ("–", 1), ("한", 2),
        ("⌚", 2),
        ("✗", 1), ("█", 1), ("├─", 2), ("ก็", 1),
    ]) func `knows how wide text is`(text: String, width: Int) {
        #expect(DisplayWidth.of(text) == width)
    }

    @Test(
        arguments: [
            // Text, place in scalars, columns before the caret.
            ("tenant =", 8, 8), ("é = ", 4, 4), ("e\u{301} = ", 5, 4), ("日本 = ", 5, 7),
            ("a = '😀' b", 8, 9), ("a = '👩‍💻' b", 10, 9), ("a\t=\n\r", 5, 5), ("a = \u{1B}[31m", 4, 4),
        ] as [(String, Int, Int)])
    func `stands below the place`(text: String, position: Int, columns: Int) {
        let lines = Caret(text, position).lines
        #expect(lines.count == 2)
        #expect(lines[1] == String(repeating: " ", count: columns) + "^")
        #expect(!lines[0].unicodeScalars.contains { $0.value < 0x20 })
    }

    /// The part of the line above the caret's indent is as wide as the indent, and what follows it is the place.
    @Test(arguments: 0...400) func `stands below the place of a long line`(position: Int) throws {
        let text = (0..<100).map { "日\($0)" }.joined()
        guard position <= text.count else { return }
        let lines = Caret(text, position).lines
        let indent = lines[1].count - 1
        var before = lines[0]
        var after = ""
        while DisplayWidth.of(before) > indent, let last = before.popLast() {
            after.insert(last, at: after.startIndex)
        }
        #expect(DisplayWidth.of(before) == indent && DisplayWidth.of(lines[0]) <= 130)
        #expect(text.dropFirst(position).hasPrefix(after.filter { $0 != "…" }))
        #expect(text.prefix(position).hasSuffix(before.filter { $0 != "…" }))
    }

    @Test func `is shown to a terminal, beside a message without control characters`() {
        let failure = QueryFailure(
            "bad_expression", "where: expected a value, found \u{1B}\n", position: 5, text: "日本 = ")
        #expect(
            failure.terminalText == "where: expected a value, found   \n  日本 = \n         ^\n")
    }
}
