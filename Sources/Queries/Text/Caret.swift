/// A line of text with a caret below one place of it, as a terminal shows it. Of a long line the part around
/// the place is shown.
struct Caret {
    /// Columns to show on each side of the place, about.
    private static let reach = 60

    /// The text and the caret.
    let lines: [String]

    /// - Parameter position: Unicode scalars from the beginning of the text.
    init(_ text: String, _ position: Int) {
        let text = DisplayWidth.printable(text).unicodeScalars
        let place =
            text.index(text.startIndex, offsetBy: position, limitedBy: text.endIndex)
            ?? text.endIndex
        let before = Self.end(of: String(text[..<place]))
        let after = Self.beginning(of: String(text[place...]))
        let indent = String(repeating: " ", count: DisplayWidth.of(before))
        lines = [before + after, indent + "^"]
    }

    private static func end(of text: String) -> String {
        if DisplayWidth.of(text) <= reach { return text }
        return "…" + text.suffix(reach / 2)
    }

    private static func beginning(of text: String) -> String {
        if DisplayWidth.of(text) <= reach { return text }
        return text.prefix(reach / 2) + "…"
    }
}
