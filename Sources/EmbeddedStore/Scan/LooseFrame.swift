internal import Spans
internal import Synchronization

/// The rows that no large segment has to itself: all small segments, and those traces of large ones of
/// which other segments may have spans too. Gathered by trace, so that each trace is whole.
struct LooseFrame: Frame {
    private let sources: [any ColumnSource]
    private let assembly: SegmentAssembly
    private let parents: [Int32]
    /// Columns that were gathered already, and what was derived from them: several parts of a query, and
    /// several queries of a snapshot, ask for the same.
    private let gathered = Cache()
    let traceEnds: [UInt32]
    /// Where each row lies in the sources.
    let order: [RowAddress]
    let keys: Set<ColumnKey>

    var skipped: [Bool]? { nil }
    var rowCounts: [Int] { assembly.maps.map(\.count) }

    private final class Cache: Sendable {
        let columns = Mutex<[ColumnKey: ColumnData?]>([:])
        let derived = Mutex<[String: any Sendable]>([:])
    }

    /// - Parameter sources: columns, and for each the rows that are not to be taken.
    init(_ sources: [(columns: any ColumnSource, excluded: RowSet?)]) throws {
        self.sources = sources.map(\.columns)
        let identity: Set<ColumnKey> = Identities.columns.union([.parentRow, .parentSpanID])
        var heads: [SegmentData] = []
        for source in sources {
            var head = try source.columns.data { identity.contains($0) }
            try ParentRows.unfold(&head)
            heads.append(head)
        }
        let ordered = try MergeOrder.order(heads, deleted: sources.map(\.excluded))
        traceEnds = ordered.traceEnds
        order = ordered.order
        let spans = RowMap(ordered.order, rowCounts: heads.map(\.spanCount))
        assembly = SegmentAssembly(
            maps: [
                spans,
                .all(heads.map { $0.rowCount(.resource) }),
                .all(heads.map { $0.rowCount(.scope) }),
                .children(try Self.pointers(self.sources, EventField.span), spans),
                .children(try Self.pointers(self.sources, LinkField.span), spans),
            ], sorted: false)
        keys = self.sources.reduce(into: []) { $0.formUnion($1.keys) }
        parents = try Self.parents(heads, assembly)
    }

    private static func pointers<F: TableField>(
        _ sources: [any ColumnSource], _ field: F
    ) throws -> [[UInt64]] {
        try sources.map { source in
            let count = source.rowCounts[Int(F.table.rawValue)]
            if count == 0 { return [] }
            let key = ColumnKey(F.table, .field, field.name, field.type)
            return try source.column(key, withTexts: false)?.denseNumbers(rowCount: count)
                ?? [UInt64](repeating: 0, count: count)
        }
    }

    private static func parents(
        _ heads: [SegmentData], _ assembly: SegmentAssembly
    ) throws -> [Int32] {
        var data = SegmentData(rowCounts: assembly.maps.map(\.count))
        for field in [SpanField.traceID, .spanID, .parentSpanID] {
            let key = ColumnKey(.span, .field, field.name, field.type)
            data.columns[key] = try assembly.gathered(key) { heads[$0].columns[key] }
        }
        ParentRows.fold(&data)
        return ParentRows.rows(data.columns[.parentRow], rowCount: data.spanCount)
    }

    func parentRows() throws -> [Int32] { parents }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        if let known = gathered.columns.withLock({ $0[key] }),
            known?.lacksTexts != true || !withTexts
        {
            return known
        }
        // Gathering looks at the bytes of each value, so texts that lie apart must be read.
        let column = try assembly.gathered(key) { try sources[$0].column(key, withTexts: true) }
        gathered.columns.withLock { $0[key] = .some(column) }
        return column
    }

    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        if let known = gathered.derived.withLock({ $0[name] }) as? T { return known }
        let value = try make()
        gathered.derived.withLock { $0[name] = value }
        return value
    }
}

/// Rows by column, in no order: what a `LooseFrame` gathers from.
protocol ColumnSource: Sendable {
    var keys: Set<ColumnKey> { get }
    /// Rows of each table.
    var rowCounts: [Int] { get }
    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData
    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData?
}

extension Segment: ColumnSource {
    var rowCounts: [Int] { record.rowCounts }
}

extension SegmentData: ColumnSource {
    var keys: Set<ColumnKey> { Set(columns.keys) }

    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData {
        var data = self
        data.columns = columns.filter { wanted($0.key) }
        return data
    }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? { columns[key] }
}
