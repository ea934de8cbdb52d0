/// A table for a terminal: columns that fit, numbers to the right, no value cut.
struct TextTable {
    struct Column {
        let title: String
        var isRightAligned = true
        /// Columns that can be done without go first where the terminal is narrow, the greatest number first.
        var sacrifice = 0
    }

    private var columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// - Parameter width: of the terminal, in columns.
    func lines(width: Int) -> [String] {
        var shown = Array(columns.indices)
        func total() -> Int { shown.reduce(0) { $0 + self.width(of: $1) + 1 } - 1 }
        while total() > width,
            let victim = shown.filter({ columns[$0].sacrifice > 0 }).max(by: {
                columns[$0].sacrifice < columns[$1].sacrifice
            })
        {
            shown.removeAll { $0 == victim }
        }
        return ([columns.map(\.title)] + rows).map { row in
            var line = ""
            for (place, index) in shown.enumerated() {
                if place > 0 { line += " " }
                let isLast = place == shown.count - 1
                line += padded(row[index], index, isLast: isLast)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func width(of column: Int) -> Int {
        ([columns[column].title] + rows.map { $0[column] }).map(DisplayWidth.of).max() ?? 0
    }

    private func padded(_ text: String, _ column: Int, isLast: Bool) -> String {
        let padding = String(
            repeating: " ", count: max(0, width(of: column) - DisplayWidth.of(text)))
        if columns[column].isRightAligned { return padding + text }
        return isLast ? text : text + padding
    }
}
