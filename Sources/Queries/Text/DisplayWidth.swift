/// How many columns of a terminal a text takes: two for each of 日本 and most emoji, none for a combining
/// mark.
enum DisplayWidth {
    static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// As much of a text as fits, but one character at least.
    static func prefix(_ text: Substring, columns: Int) -> Substring {
        var end = text.startIndex
        var used = 0
        while end < text.endIndex {
            used += of(text[end])
            if used > columns, end > text.startIndex { break }
            text.formIndex(after: &end)
        }
        return text[..<end]
    }

    /// A character is as wide as the scalar that it begins with, unless it was made an emoji.
    private static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        guard let first = scalars.first else { return 0 }
        if scalars.contains("\u{FE0F}") || first.properties.isEmojiPresentation { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return isWide(first) ? 2 : 1
        }
    }

    /// East Asian Wide or Fullwidth (unicode.org/reports/tr11), emoji aside.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF,
            0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
            0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF,
            0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// Lines as a body. What spans carry comes from anywhere, and must not command the terminal that shows it.
    static func page(_ lines: [String]) -> [UInt8] {
        Array((lines.map(printable).joined(separator: "\n") + "\n").utf8)
    }

    /// Text that stays on its line and moves no cursor: a space for each control character.
    static func printable(_ text: String) -> String {
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: printable.append(" ")
            default: printable.append(scalar)
            }
        }
        return String(printable)
    }
}
