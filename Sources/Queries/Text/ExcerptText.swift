/// A long text in few lines, which say how much they leave out.
enum ExcerptText {
    /// So many lines at most.
    private static let linesMax = 3
    /// What the note of what is left out takes of the last, in columns.
    private static let noteMax = " … (99,999,999 more characters)".count

    static func lines(_ text: String, label: String, indent: Int, width: Int) -> [String] {
        let room = max(20, width - indent - label.count - 1)
        var rest = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")[...]
        var lines: [String] = []
        while !rest.isEmpty, lines.count < linesMax {
            var line = DisplayWidth.prefix(rest, columns: room)
            // A line breaks at a space, if there is one in its second half.
            if line.count < rest.count, let space = line.lastIndex(of: " "),
                DisplayWidth.of(String(line[..<space])) > room / 2
            {
                line = line[..<space]
            }
            lines.append(String(line))
            rest = rest[line.endIndex...].drop { $0 == " " }
        }
        if !rest.isEmpty, let last = lines.popLast() {
            let shown = DisplayWidth.prefix(last[...], columns: max(1, room - noteMax))
            let left = rest.count + last.count - shown.count
            lines.append(shown + " … (\(HumanText.count(left)) more characters)")
        }
        let pad = String(repeating: " ", count: indent)
        return lines.enumerated().map { index, line in
            pad + (index == 0 ? label : String(repeating: " ", count: label.count)) + " " + line
        }
    }
}
