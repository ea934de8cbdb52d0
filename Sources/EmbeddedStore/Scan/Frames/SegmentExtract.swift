internal import Spans

/// Whole traces of a large segment as a source of their own, whose rows are picked out of the columns where these lie: else,
/// to gather a dozen rows, all columns of their segment would have to be decoded.
struct SegmentExtract: ColumnSource {
    private let segment: Segment
    /// Of each table that has rows of its own for each span: the segment's rows that are here, ascending.
    private let rowsOf: [Table: [Int]]
    let rowCounts: [Int]

    /// - Parameter rows: of spans, ascending, every trace whole: then parents are as far away as before.
    init(_ segment: Segment, rows: [Int]) throws {
        self.segment = segment
        var rowsOf: [Table: [Int]] = [.span: rows]
        var rowCounts = segment.rowCounts
        rowCounts[Int(Table.span.rawValue)] = rows.count
        for (table, pointer) in [(Table.event, Self.eventSpan), (.link, Self.linkSpan)] {
            let count = segment.rowCounts[Int(table.rawValue)]
            guard count > 0 else { continue }
            let spans =
                try segment.column(pointer, withTexts: false)?.denseNumbers(rowCount: count)
                ?? [UInt64](repeating: 0, count: count)
            let here = spans.indices.filter { Self.place(of: Int(spans[$0]), in: rows) != nil }
            rowsOf[table] = here
            rowCounts[Int(table.rawValue)] = here.count
        }
        self.rowsOf = rowsOf
        self.rowCounts = rowCounts
    }

    private static let eventSpan = ColumnKey(
        .event, .field, EventField.span.name, EventField.span.type)
    private static let linkSpan = ColumnKey(
        .link, .field, LinkField.span.name, LinkField.span.type)

    var keySet: KeySet { get throws { try segment.keySet } }

    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData {
        var data = SegmentData(rowCounts: rowCounts)
        for key in try segment.keySet.keys where wanted(key) {
            data.columns[key] = try column(key, withTexts: false)
        }
        return data
    }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        switch key.table {
        case .resource, .scope:
            return try segment.column(key, withTexts: withTexts)
        case .event, .link:
            guard let rows = rowsOf[key.table],
                var column = try segment.column(key, withTexts: withTexts)
            else { return nil }
            column.keep(rows)
            if key == Self.eventSpan || key == Self.linkSpan, let spans = rowsOf[.span] {
                column.numbers = column.numbers.map {
                    UInt64(Self.place(of: Int($0), in: spans) ?? 0)
                }
            }
            return column
        case .span:
            guard let rows = rowsOf[.span], var column = try segment.picked(key, rows: rows)
            else { return nil }
            column.keep(rows)
            if withTexts, column.lacksTexts { try fill(&column) }
            return column
        }
    }

    /// Reads the texts of the rows that are here, and no others.
    private func fill(_ column: inout ColumnData) throws {
        let codes = Set(column.codes).sorted()
        var texts = StringTable()
        for code in codes {
            try segment.text(column.key, code: Int(code), of: column)
                .withUnsafeBytes { texts.append($0) }
        }
        column.codes = column.codes.map { code in
            UInt32(codes.partitioningIndex { $0 >= code })
        }
        column.strings = texts
        column.texts = .here
    }

    private static func place(of row: Int, in rows: [Int]) -> Int? {
        let place = rows.partitioningIndex { $0 >= row }
        return place < rows.count && rows[place] == row ? place : nil
    }
}

extension ColumnData {
    /// Leaves some rows of its table, under the numbers of their places.
    ///
    /// - Parameter rows: ascending.
    fileprivate mutating func keep(_ rows: [Int]) {
        var places: [UInt32] = []
        var entries: [Int] = []
        for (place, row) in rows.enumerated() {
            guard let entry = presence.index(of: row) else { continue }
            places.append(UInt32(place))
            entries.append(entry)
        }
        presence = Presence(rows: places, of: rows.count)
        if !numbers.isEmpty { numbers = entries.map { numbers[$0] } }
        if !codes.isEmpty { codes = entries.map { codes[$0] } }
    }
}
