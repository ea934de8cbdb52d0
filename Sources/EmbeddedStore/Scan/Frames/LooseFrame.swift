internal import Spans
internal import Synchronization

/// Rows of several segments, gathered by trace, so that each trace is whole: small segments, which are in no order,
/// and traces that lie in several segments.
struct LooseFrame: Frame {
    private let sources: [any ColumnSource]
    private let assembly: SegmentAssembly
    private let parents: [Int32]
    /// All parents as ids, as another frame needs them that gathers rows of this one.
    private let parentIDs: ColumnData?
    /// Columns that were gathered already, and what was derived from them: several parts of a query, and
    /// several queries, ask for the same.
    private let gathered: Cache
    let traceEnds: [UInt32]
    /// Where each row lies in the sources.
    let order: [RowAddress]
    let keySet: KeySet

    var skipped: [Bool]? { nil }
    var lasting: LastingFrame? { nil }
    var rowCounts: [Int] { assembly.maps.map(\.count) }

    private final class Cache: Sendable {
        let columns = Mutex<[ColumnKey: ColumnData?]>([:])
        let derived = Mutex<[String: any Sendable]>([:])
        let warm: WarmColumns?

        init(_ warm: WarmColumns?) { self.warm = warm }

        deinit { warm?.forget(ObjectIdentifier(self)) }
    }

    /// - Parameters:
    ///   - sources: columns, and for each the rows that are not to be taken.
    ///   - warm: keeps what is gathered within a budget; without it, it stays as long as the frame.
    init(
        _ sources: [(columns: any ColumnSource, excluded: RowSet?)], _ warm: WarmColumns? = nil
    ) throws {
        gathered = Cache(warm)
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
        keySet = try KeySet.union(self.sources.map { try $0.keySet })
        (parents, parentIDs) = try Self.parents(heads, assembly)
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
    ) throws -> (rows: [Int32], ids: ColumnData?) {
        var data = SegmentData(rowCounts: assembly.maps.map(\.count))
        for field in [SpanField.traceID, .spanID, .parentSpanID] {
            let key = ColumnKey(.span, .field, field.name, field.type)
            data.columns[key] = try assembly.gathered(key) { heads[$0].columns[key] }
        }
        let ids = data.columns[.parentSpanID]
        ParentRows.fold(&data)
        return (ParentRows.rows(data.columns[.parentRow], rowCount: data.spanCount), ids)
    }

    func parentRows() throws -> [Int32] { parents }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        // Gathering looks at the bytes of each value, so texts that lie apart must be read.
        func gather() throws -> ColumnData? {
            try assembly.gathered(key) { try sources[$0].column(key, withTexts: true) }
        }
        if let warm = gathered.warm {
            return try warm.column(ObjectIdentifier(gathered), key) {
                try gather() ?? ColumnData(key: key, presence: .rows([]))
            }
        }
        if let known = gathered.columns.withLock({ $0[key] }) { return known }
        let column = try gather()
        gathered.columns.withLock { $0[key] = .some(column) }
        return column
    }

    func known<T: MemorySized>(_ name: String) -> T? {
        if let warm = gathered.warm { return warm.known(ObjectIdentifier(gathered), name) }
        return gathered.derived.withLock { $0[name] } as? T
    }

    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        if let warm = gathered.warm {
            return try warm.derived(ObjectIdentifier(gathered), name, make: make)
        }
        if let known = gathered.derived.withLock({ $0[name] }) as? T { return known }
        let value = try make()
        gathered.derived.withLock { $0[name] = value }
        return value
    }

    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer {
        if let warm = gathered.warm {
            return try warm.answer(ObjectIdentifier(gathered), key, make: make)
        }
        return try make()
    }
}

extension LooseFrame: ColumnSource {
    /// Rows to be gathered once more. Parents are ids, since rows of this frame mean nothing in another.
    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData {
        var data = SegmentData(rowCounts: rowCounts)
        for key in keys where wanted(key) && key != .parentRow && key != .parentSpanID {
            data.columns[key] = try column(key, withTexts: false)
        }
        data.columns[.parentSpanID] = parentIDs
        return data
    }
}

/// A group of small segments, but for the traces of which others have spans too.
struct GroupFrame: Frame {
    private let frame: LooseFrame
    let skipped: [Bool]?
    let lasting: LastingFrame?
    let startMin: Int64
    let startMax: Int64

    init(_ part: LooseParts.Group, skipped: [Bool]?) {
        frame = part.frame
        startMin = part.startMin
        startMax = part.startMax
        self.skipped = skipped
        lasting = LastingFrame(startMin: startMin, startMax: startMax, skipped: skipped)
    }

    var rowCounts: [Int] { frame.rowCounts }
    var traceEnds: [UInt32] { frame.traceEnds }
    var keySet: KeySet { frame.keySet }

    func parentRows() throws -> [Int32] { try frame.parentRows() }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        try frame.column(key, withTexts: withTexts)
    }

    func known<T: MemorySized>(_ name: String) -> T? { frame.known(name) }

    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        try frame.derived(name, make: make)
    }

    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer {
        try frame.answer(key, make: make)
    }
}

/// Rows by column, in no order: what a `LooseFrame` gathers from.
protocol ColumnSource: Sendable {
    var keySet: KeySet { get throws }
    /// Rows of each table.
    var rowCounts: [Int] { get }
    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData
    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData?
}

extension Segment: ColumnSource {
    var rowCounts: [Int] { record.rowCounts }
}

extension SegmentData: ColumnSource {
    var keySet: KeySet { KeySet(Set(columns.keys)) }

    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData {
        var data = self
        data.columns = columns.filter { wanted($0.key) }
        return data
    }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? { columns[key] }
}
