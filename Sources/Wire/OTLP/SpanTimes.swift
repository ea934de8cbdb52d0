package import Spans

extension SpanBatch {
    /// The start and end of a span as they were sent, in Unix nanoseconds: 0 for what was not.
    package func sentTimes(_ row: Int) -> (start: UInt64, end: UInt64) {
        let marks = SpanMarks(rawValue: spans.number(SpanField.marks, row))
        let start = spans.number(SpanField.start, row)
        let end = start &+ spans.number(SpanField.duration, row)
        if marks.contains(.timeMissing) { return (0, 0) }
        if marks.contains(.startMissing) { return (0, end) }
        return (start, marks.contains(.unfinished) ? 0 : end)
    }

    /// Rows by resource and scope, in the order in which these occur.
    func grouped() -> [(resource: Int, scopes: [(scope: Int, rows: [Int])])] {
        var groups: [(resource: Int, scopes: [(scope: Int, rows: [Int])])] = []
        var placeOf: [[Int]: (Int, Int)] = [:]
        var groupOf: [Int: Int] = [:]
        for row in 0..<count {
            let resource = pointer(.resource, row)
            let scope = pointer(.scope, row)
            if let (group, place) = placeOf[[resource, scope]] {
                groups[group].scopes[place].rows.append(row)
                continue
            }
            let group = groupOf[resource] ?? groups.count
            if group == groups.count {
                groups.append((resource, []))
                groupOf[resource] = group
            }
            placeOf[[resource, scope]] = (group, groups[group].scopes.count)
            groups[group].scopes.append((scope, [row]))
        }
        return groups
    }

    /// The row of a span's resource or scope, -1 if it has none.
    private func pointer(_ field: SpanField, _ row: Int) -> Int {
        let column = spans.columns[field.rawValue]
        return column.index(of: row).map { Int(column.numbers[$0]) } ?? -1
    }
}
