import Foundation
import Testing

@testable import Queries

@Suite struct `Tables for a terminal` {
    private func table() -> TextTable {
        var table = TextTable([
            .init(title: "COUNT"), .init(title: "RATE", sacrifice: 1),
            .init(title: "NAME", isRightAligned: false),
            .init(title: "TREND", isRightAligned: false, sacrifice: 2),
            .init(title: "LAST", isRightAligned: false),
        ])
        table.add(["1", "18.5%", "日本", "▇█", "a"])
        table.add(["1,000,000", "–", "e\u{301}", "", "long value"])
        return table
    }

    @Test func `stand in columns, numbers to the right`() {
        #expect(
            table().lines(width: 100) == [
                "    COUNT  RATE NAME TREND LAST", "        1 18.5% 日本 ▇█    a",
                "1,000,000     – e\u{301}          long value",
            ])
    }

    @Test
    func `leave columns out where it is narrow, the most dispensable first, and cut no value`() {
        let widest = table().lines(width: 100).map(DisplayWidth.of).max() ?? 0
        #expect(table().lines(width: widest) == table().lines(width: 100))
        #expect(table().lines(width: widest - 1)[0] == "    COUNT  RATE NAME LAST")
        #expect(table().lines(width: 30)[0] == "    COUNT NAME LAST")
        #expect(table().lines(width: 1)[2] == "1,000,000 e\u{301}    long value")
    }

    @Test func `without rows are their head`() {
        #expect(TextTable([.init(title: "A"), .init(title: "B")]).lines(width: 9) == ["A B"])
    }

    @Test(arguments: [0, 1, 3, 40, 1000]) func `have lines of one width`(rows: Int) {
        var table = TextTable([
            .init(title: "N"), .init(title: "VALUE", isRightAligned: false), .init(title: "END"),
        ])
        for row in 0..<rows {
            table.add([
                String(row), String(repeating: row % 2 == 0 ? "日" : "x", count: row % 13),
                String(row),
            ])
        }
        let widths = Set(table.lines(width: 1000).map(DisplayWidth.of))
        #expect(widths.count == 1)
    }

    @Test func `send no commands to a terminal`() {
        let page = DisplayWidth.page(["a\u{1B}[31m", "b\r\nc\td\u{9B}", "é\u{7F}"])
        #expect(String(decoding: page, as: UTF8.self) == "a [31m\nb  c d \né \n")
    }
}

@Suite struct `Long texts for a terminal` {
    private func lines(_ text: String, width: Int = 40) -> [String] {
        ExcerptText.lines(text, label: "›", indent: 4, width: width)
    }

    @Test(arguments: ["x", "日", "😀", "e\u{301}", "🇩🇪"], [20, 40, 77])
    func `stay within its width`(character: String, width: Int) {
        for count in [1, 5, 17, 18, 34, 35, 36, 200] {
            let found = lines(String(repeating: character, count: count), width: width)
            #expect(found.count <= 3)
            for line in found {
                let text = line.components(separatedBy: " … (")[0]
                #expect(DisplayWidth.of(text) <= max(width, 26))
            }
        }
    }

    /// Nothing is lost without being counted.
    @Test(arguments: [0, 1, 30, 105, 106, 500]) func `say how much they leave out`(count: Int) {
        let found = lines(String(repeating: "日", count: count)).joined()
        let shown = found.count { $0 == "日" }
        let left = found.firstMatch(of: /… \((\d+) more/).flatMap { Int($0.1) } ?? 0
        #expect(shown + left == count)
    }

    @Test func `break at spaces, and have none but single ones`() {
        #expect(
            lines("one two  three\r\nfour five six seven eight nine ten") == [
                "    › one two three four five six seven", "      eight nine ten",
            ])
    }
}
