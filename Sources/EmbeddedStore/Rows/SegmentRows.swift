internal import Spans

/// The columns of a segment, read row by row. Long texts are read block by block, where a row needs one.
final class SegmentRows {
    private let segment: Segment
    private var byTable: [Table: [RowColumn]] = [:]
    private let spanIDs: [UInt64]
    private let parents: [Int32]
    private let farParents: ColumnData?
    private let pointers: [Table: ColumnData]

    init(_ segment: Segment) throws {
        self.segment = segment
        let count = segment.record.spans
        func field(_ key: ColumnKey) throws -> ColumnData? {
            try segment.column(key, withTexts: false)
        }
        func field(_ field: SpanField) throws -> ColumnData? {
            try segment.column(ColumnKey(.span, .field, field.name, field.type), withTexts: false)
        }
        spanIDs = try field(SpanField.spanID)?.denseNumbers(rowCount: count) ?? []
        parents = ParentRows.allRows(try field(ColumnKey.parentRow), rowCount: count)
        farParents = try field(ColumnKey.parentSpanID)
        var pointers: [Table: ColumnData] = [:]
        pointers[.resource] = try field(SpanField.resource)
        pointers[.scope] = try field(SpanField.scope)
        self.pointers = pointers
    }

    /// The fields and attributes of a table, but for those that hold rows of this segment.
    func columns(of table: Table) throws -> [RowColumn] {
        if let known = byTable[table] { return known }
        var columns: [RowColumn] = []
        for key in segment.keys where key.table == table && key.origin != .derived {
            if Self.holdRows.contains(key) { continue }
            guard let data = try segment.column(key, withTexts: segment.isPacked) else { continue }
            columns.append(try RowColumn(key, data, segment))
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
        guard let column = pointers[table], let entry = column.presence.index(of: row) else {
            return nil
        }
        return Int(column.numbers[entry])
    }

    func parentSpanID(_ row: Int) -> UInt64? {
        if parents[row] >= 0 { return spanIDs[Int(parents[row])] }
        guard let farParents, let entry = farParents.presence.index(of: row) else { return nil }
        return farParents.numbers[entry]
    }

    /// The events or links of some spans, with the place of each one's span.
    func children<F: TableField>(_ field: F, of place: [Int: Int]) throws -> [(Int, Int)] {
        let count = segment.record.rowCounts[Int(F.table.rawValue)]
        if count == 0 { return [] }
        let key = ColumnKey(F.table, .field, field.name, field.type)
        let spans =
            try segment.column(key, withTexts: false)?.denseNumbers(rowCount: count)
            ?? [UInt64](repeating: 0, count: count)
        var children: [(Int, Int)] = []
        for (row, span) in spans.enumerated() {
            if let span = place[Int(span)] { children.append((row, span)) }
        }
        return children
    }
}

/// One column, read row by row.
struct RowColumn {
    private let key: ColumnKey
    private let data: ColumnData
    private let segment: Segment
    private let field: Int?

    init(_ key: ColumnKey, _ data: ColumnData, _ segment: Segment) throws {
        self.key = key
        self.data = data
        self.segment = segment
        field =
            key.origin == .field
            ? Table.fieldNames(key.table).firstIndex(of: key.name) : nil
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
        try Array(key.name.utf8).withUnsafeBytes { name in
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
    /// The names of a table's fields, by raw value.
    fileprivate static func fieldNames(_ table: Table) -> [String] {
        switch table {
        case .span: SpanField.allCases.map(\.name)
        case .resource: ResourceField.allCases.map(\.name)
        case .scope: ScopeField.allCases.map(\.name)
        case .event: EventField.allCases.map(\.name)
        case .link: LinkField.allCases.map(\.name)
        }
    }
}
