internal import Spans

/// Some rows of a segment, column by column, with what they point to and what points to them. Long texts are read block by
/// block, where a row needs one.
///
/// A trace is a dozen rows of a quarter of a million, so nothing here walks a whole column.
final class SegmentRows {
    private let segment: Segment
    private var byTable: [Table: [RowColumn]] = [:]
    /// By table the rows that are read, ascending.
    private var wanted: [Table: [Int]] = [:]
    private let spanIDs: ColumnData?
    private let nearParents: ColumnData?
    private let farParents: ColumnData?
    private var pointers: [Table: ColumnData] = [:]

    init(_ segment: Segment, _ rows: [Int]) throws {
        self.segment = segment
        let rows = rows.sorted()
        wanted[.span] = rows
        let near = try segment.column(ColumnKey.parentRow, rows: rows)
        nearParents = near
        farParents = try segment.column(ColumnKey.parentSpanID, rows: rows)
        let parents = rows.compactMap { row in
            near.flatMap { Self.parent(of: row, $0, segment) }
        }
        spanIDs = try segment.column(
            ColumnKey(.span, .field, SpanField.spanID.name, SpanField.spanID.type),
            rows: Set(rows + parents).sorted())
        for (table, field) in [(Table.resource, SpanField.resource), (.scope, .scope)] {
            pointers[table] = try segment.column(
                ColumnKey(.span, .field, field.name, field.type), rows: rows)
            wanted[table] = Set(rows.compactMap { pointer(table, $0) }).sorted()
        }
    }

    /// The fields and attributes of a table, but for those that hold rows of this segment.
    func columns(of table: Table) throws -> [RowColumn] {
        if let known = byTable[table] { return known }
        var columns: [RowColumn] = []
        let rows = wanted[table] ?? []
        for key in segment.keys where key.table == table && key.origin != .derived {
            if Self.holdRows.contains(key) { continue }
            guard let data = try segment.column(key, rows: rows), data.presence.count > 0 else {
                continue
            }
            columns.append(RowColumn(key, data, segment))
        }
        byTable[table] = columns
        return columns
    }

    private static let holdRows: Set<ColumnKey> = [
        .parentRow, .parentSpanID,
        ColumnKey(.span, .field, SpanField.resource.name, .int),
        ColumnKey(.span, .field, SpanField.scope.name, .int),
        ColumnKey(.event, .field, EventField.span.name, .int),
        ColumnKey(.link, .field, LinkField.span.name, .int),
    ]

    /// The row of a span's resource or scope.
    func pointer(_ table: Table, _ row: Int) -> Int? {
        pointers[table]?.number(at: row).map { Int($0) }
    }

    func parentSpanID(_ row: Int) -> UInt64? {
        if let nearParents, let parent = Self.parent(of: row, nearParents, segment) {
            return spanIDs?.number(at: parent) ?? 0
        }
        return farParents?.number(at: row)
    }

    private static func parent(of row: Int, _ near: ColumnData, _ segment: Segment) -> Int? {
        guard let offset = near.number(at: row) else { return nil }
        let parent = row &+ Int(truncatingIfNeeded: offset)
        return (0..<segment.record.spans).contains(parent) ? parent : nil
    }

    /// The events or links of the spans, with the row of each one's span.
    func children<F: TableField>(_ field: F) throws -> [(child: Int, span: Int)] {
        let count = segment.record.rowCounts[Int(F.table.rawValue)]
        if count == 0 { return [] }
        let key = ColumnKey(F.table, .field, field.name, field.type)
        let spans = try segment.column(key, withTexts: false)
        let rows = wanted[.span] ?? []
        var children: [(child: Int, span: Int)] = []
        if segment.record.isOrdered {
            for row in rows {
                for child in Self.children(of: row, spans, count) { children.append((child, row)) }
            }
        } else {
            let isWanted = Set(rows)
            let dense =
                spans?.denseNumbers(rowCount: count) ?? [UInt64](repeating: 0, count: count)
            for (child, span) in dense.enumerated() {
                let span = Int(truncatingIfNeeded: span)
                if isWanted.contains(span) { children.append((child, span)) }
            }
        }
        wanted[F.table] = children.map(\.child)
        return children
    }

    /// The children of one span where all lie in the order of their spans. Those without an entry are row 0's.
    private static func children(of row: Int, _ spans: ColumnData?, _ count: Int) -> Range<Int> {
        guard let spans else { return row == 0 ? 0..<count : 0..<0 }
        let unset = count - spans.presence.count
        let first = spans.numbers.partitioningIndex { $0 >= UInt64(row) }
        let end = spans.numbers.partitioningIndex { $0 > UInt64(row) }
        return (row == 0 ? 0 : unset + first)..<unset + end
    }
}

extension ColumnData {
    /// The number of one row; nil if it has none.
    fileprivate func number(at row: Int) -> UInt64? {
        presence.index(of: row).map { numbers[$0] }
    }
}

/// One column, read row by row.
struct RowColumn {
    private let key: ColumnKey
    private let data: ColumnData
    private let segment: Segment
    private let field: Int?
    private let name: [UInt8]

    init(_ key: ColumnKey, _ data: ColumnData, _ segment: Segment) {
        self.key = key
        self.data = data
        self.segment = segment
        field = key.origin == .field ? key.table.field(named: key.name) : nil
        name = Array(key.name.utf8)
    }

    /// Sets the row's value, if it has one, on the newest row of `table`.
    func copy(_ row: Int, to table: inout TableBuilder) throws {
        guard let entry = data.presence.index(of: row) else { return }
        if let field {
            if key.type.isCoded {
                try withBytes(Int(data.codes[entry])) { table.set(field: field, $0) }
            } else {
                table.set(field: field, data.numbers[entry])
            }
            return
        }
        if key.origin == .field { return }
        try name.withUnsafeBytes { name in
            switch key.type {
            case .empty: table.setEmpty(name)
            case .bool, .int, .double: table.set(name, key.type, number: data.numbers[entry])
            case .strings:
                table.set(name) { add in
                    for element in data.lists[Int(data.codes[entry])] {
                        data.strings.withValue(Int(element)) { add($0) }
                    }
                }
            case .string, .bytes, .array, .map:
                try withBytes(Int(data.codes[entry])) { table.set(name, key.type, bytes: $0) }
            }
        }
    }

    private func withBytes(_ code: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        if data.lacksTexts {
            try segment.text(key, code: code, of: data).withUnsafeBytes(body)
        } else {
            data.strings.withValue(code, body)
        }
    }
}

extension Table {
    /// The place of a field in the table's enumeration.
    fileprivate func field(named name: String) -> Int? {
        switch self {
        case .span: Self.spanFields[name]
        case .resource: ResourceField.allCases.firstIndex { $0.name == name }
        case .scope: ScopeField.allCases.firstIndex { $0.name == name }
        case .event: EventField.allCases.firstIndex { $0.name == name }
        case .link: LinkField.allCases.firstIndex { $0.name == name }
        }
    }

    private static let spanFields = Dictionary(
        uniqueKeysWithValues: SpanField.allCases.enumerated().map { ($1.name, $0) })
}
