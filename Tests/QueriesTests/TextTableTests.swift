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
