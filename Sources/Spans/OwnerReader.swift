/// Finds the owners of single spans of one batch while it grows.
///
/// Of a hundred sources a batch has one or two, so it is remembered which columns these are, and what their values say.
package struct OwnerReader: Sendable {
    private var tenant: OwnerColumns
    private var service: OwnerColumns

    package init(_ sources: OwnerSources) {
        tenant = OwnerColumns(sources.tenant)
        service = OwnerColumns(sources.service)
    }

    /// Whose a span is; its resource and scope must be set.
    package mutating func owner(ofSpan row: Int, in batch: SpanBatch) -> SpanOwner {
        let rows = OwnerRows(
            span: row, scope: Int(truncatingIfNeeded: batch.spans.number(SpanField.scope, row)),
            resource: Int(truncatingIfNeeded: batch.spans.number(SpanField.resource, row)))
        return owner(rows, batch)
    }

    /// Whose the spans of a resource are, or of a scope of it.
    package mutating func owner(
        ofResource resource: Int, scope: Int? = nil, in batch: SpanBatch
    ) -> SpanOwner {
        owner(OwnerRows(scope: scope, resource: resource), batch)
    }

    private mutating func owner(_ rows: OwnerRows, _ batch: SpanBatch) -> SpanOwner {
        SpanOwner(tenant: tenant.text(rows, batch), service: service.text(rows, batch))
    }
}

/// The rows that say something of a span, in the tables of a batch.
struct OwnerRows {
    var span: Int?
    var scope: Int?
    var resource: Int?

    subscript(table: Table) -> Int? {
        switch table {
        case .span: span
        case .scope: scope
        case .resource: resource
        case .event, .link: nil
        }
    }
}

/// The columns of a batch that sources read, in order of precedence.
struct OwnerColumns: Sendable {
    struct Place: Sendable {
        /// Of the source, in the order of precedence.
        let source: Int
        let table: Table
        /// In the table.
        let column: Int
    }

    private struct Value: Hashable {
        let source: Int
        let column: Int
        let code: UInt32
    }

    private let sources: OwnerSources.Ordered
    private var places: [Place] = []
    /// For each table how many of its columns have been looked at.
    private var seen = [Int](repeating: 0, count: Table.allCases.count)
    private var texts: [Value: String?] = [:]

    /// What is remembered of values; beyond it they are read anew.
    private static let textsMax = 4096

    init(_ sources: OwnerSources.Ordered) { self.sources = sources }

    /// All places where a batch has something to read.
    mutating func places(in batch: SpanBatch) -> [Place] {
        update(batch.spans)
        update(batch.scopes)
        update(batch.resources)
        return places
    }

    /// What the first source says that says anything.
    mutating func text(_ rows: OwnerRows, _ batch: SpanBatch) -> String? {
        for place in places(in: batch) {
            guard let row = rows[place.table] else { continue }
            let column = batch.table(place.table).columns[place.column]
            guard
                let index = column.lastRow == UInt32(row)
                    ? column.rows.count - 1 : column.index(of: row)
            else { continue }
            if let text = text(place, column, index) { return text }
        }
        return nil
    }

    private mutating func text(_ place: Place, _ column: ColumnBuilder, _ index: Int) -> String? {
        guard column.key.type.isCoded else { return read(place, column.value(at: index)) }
        let value = Value(
            source: place.source, column: place.column, code: column.codes[index])
        if let known = texts[value] { return known }
        let text = read(place, column.value(at: index))
        if texts.count < Self.textsMax { texts[value] = .some(text) }
        return text
    }

    func read(_ place: Place, _ value: AttributeValue) -> String? {
        sources.all[place.source].read(value)
    }

    private mutating func update(_ table: TableBuilder) {
        let number = Int(table.table.rawValue)
        guard seen[number] < table.columns.count else { return }
        for column in seen[number]..<table.columns.count {
            guard let origin = Self.origin(table.columns[column].key) else { continue }
            for source in sources.byOrigin[origin] ?? [] {
                places.append(Place(source: source, table: table.table, column: column))
            }
        }
        seen[number] = table.columns.count
        places.sort { ($0.source, $0.column) < ($1.source, $1.column) }
    }

    private static func origin(_ key: ColumnKey) -> OwnerSources.Origin? {
        switch key.origin {
        case .attribute: .attribute(key.table, key.name)
        case .field:
            key.table == .span && key.name == SpanField.keyTenant.name ? .keyTenant : nil
        case .derived: nil
        }
    }
}

extension SpanBatch {
    func table(_ table: Table) -> TableBuilder {
        switch table {
        case .span: spans
        case .resource: resources
        case .scope: scopes
        case .event: events
        case .link: links
        }
    }

    /// Whether something was counted about the span, resource or scope that was read last.
    package var hasOpenCounts: Bool {
        ledger.hasOpen || spans.hasRepeatedKeys || resources.hasRepeatedKeys
            || scopes.hasRepeatedKeys || events.hasRepeatedKeys || links.hasRepeatedKeys
    }

    /// Says whose that was. To be called before its row is taken back.
    package mutating func settleCounts(_ owner: SpanOwner) {
        var repeated: [String: Int] = [:]
        spans.takeRepeatedKeys(&repeated)
        resources.takeRepeatedKeys(&repeated)
        scopes.takeRepeatedKeys(&repeated)
        events.takeRepeatedKeys(&repeated)
        links.takeRepeatedKeys(&repeated)
        for (key, count) in repeated.sorted(by: { $0.key < $1.key }) {
            ledger.count(.duplicateKey, count, key: key)
        }
        ledger.settle(owner)
    }
}
