internal import Spans

/// Rows that a scan reads, ordered by trace, every trace whole; columns on demand.
///
/// There are two kinds: a large segment, and the loose rows of everything else, gathered. Scanning does
/// not tell them apart.
protocol Frame: Sendable {
    /// Rows of each table.
    var rowCounts: [Int] { get }
    /// Where each trace ends.
    var traceEnds: [UInt32] { get }
    /// Traces that this frame must not count: rows are deleted in them, or they lie in another frame
    /// as a whole. nil if it counts all.
    var skipped: [Bool]? { get }
    /// The columns that some row may have a value in.
    var keySet: KeySet { get }
    /// Of a frame that outlives the query.
    var lasting: LastingFrame? { get }
    /// For each row the row of its parent, or -1.
    func parentRows() throws -> [Int32]
    /// A column; its long texts too if asked for.
    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData?
    /// The same for what is made of all columns once: decoded for it, they push nothing out of memory.
    func passingColumn(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData?
    /// Whether long texts may lie in pools, which only merged segments have.
    var mayHavePooledTexts: Bool { get }
    /// The texts of a column that lie in a pool.
    func pooledTexts(_ key: ColumnKey) throws -> PooledTexts?
    /// What was derived from this frame and is still kept.
    func known<T: MemorySized>(_ name: String) -> T?
    /// Keeps what `make` derives from this frame's columns, if the frame outlives the query.
    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T
    /// The greatest number of a column, if it is known without reading it.
    func greatest(of key: ColumnKey) -> Int64?
    /// What is stored of its units by value; nil if nothing is.
    var counts: SegmentCounts? { get }
    /// Keeps an answer likewise.
    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer
}

/// What tells a lasting frame's answers apart.
struct LastingFrame: Sendable {
    let startMin: Int64
    let startMax: Int64
    /// Differs where other traces are skipped.
    let skippedMark: Int

    init(startMin: Int64, startMax: Int64, skipped: [Bool]?) {
        self.startMin = startMin
        self.startMax = startMax
        var hasher = Hasher()
        for (trace, isSkipped) in (skipped ?? []).enumerated() where isSkipped {
            hasher.combine(trace)
        }
        skippedMark = hasher.finalize()
    }
}

extension Frame {
    var counts: SegmentCounts? { nil }
    func passingColumn(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        try column(key, withTexts: withTexts)
    }
    func greatest(of key: ColumnKey) -> Int64? { nil }
    func known<T: MemorySized>(_ name: String) -> T? { nil }
    var mayHavePooledTexts: Bool { false }
    func pooledTexts(_ key: ColumnKey) throws -> PooledTexts? { nil }
    var keys: Set<ColumnKey> { keySet.keys }

    var spanCount: Int { rowCounts[Int(Table.span.rawValue)] }
    var traceCount: Int { traceEnds.count }

    func rowCount(_ table: Table) -> Int { rowCounts[Int(table.rawValue)] }

    func rows(of trace: Int) -> Range<Int> {
        (trace == 0 ? 0 : Int(traceEnds[trace - 1]))..<Int(traceEnds[trace])
    }

    /// Visits each trace with its rows.
    @inline(__always)
    func visitTraces(_ body: (_ trace: Int, _ rows: Range<Int>) -> Void) {
        var start = 0
        for (trace, end) in traceEnds.enumerated() {
            body(trace, start..<Int(end))
            start = Int(end)
        }
    }

    func field<F: TableField>(_ field: F) throws -> ColumnData? {
        try column(ColumnKey(F.table, .field, field.name, field.type), withTexts: false)
    }

    /// A numeric field of every row; 0 where it was not stored.
    func numbers<F: TableField>(_ field: F) throws -> [UInt64] {
        try self.field(field)?.denseNumbers(rowCount: rowCount(F.table))
            ?? [UInt64](repeating: 0, count: rowCount(F.table))
    }
}

/// A large segment, but for the traces that lie loose.
struct SegmentFrame: Frame {
    private let segment: Segment
    let traceEnds: [UInt32]
    let skipped: [Bool]?
    let lasting: LastingFrame?
    var startMin: Int64 { segment.record.startMin }
    var startMax: Int64 { segment.record.startMax }

    init(_ segment: Segment, traceEnds: [UInt32], skipped: [Bool]?) {
        self.segment = segment
        self.traceEnds = traceEnds
        self.skipped = skipped
        lasting = LastingFrame(
            startMin: segment.record.startMin, startMax: segment.record.startMax, skipped: skipped)
    }

    var rowCounts: [Int] { segment.record.rowCounts }
    // What cannot be read is found out with the first column.
    var keySet: KeySet { (try? segment.keySet) ?? .empty }

    func parentRows() throws -> [Int32] {
        try derived("parent rows") {
            RowPointers(
                ParentRows.rows(
                    try segment.column(.parentRow, withTexts: false), rowCount: spanCount))
        }.rows
    }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        try segment.column(key, withTexts: withTexts)
    }

    func passingColumn(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        try segment.passingColumn(key, withTexts: withTexts)
    }

    var counts: SegmentCounts? { SegmentCounts(of: segment) }

    func greatest(of key: ColumnKey) -> Int64? { segment.columns[key]?.greatest }

    var mayHavePooledTexts: Bool { true }

    func pooledTexts(_ key: ColumnKey) throws -> PooledTexts? { try segment.pooledTexts(key) }

    func known<T: MemorySized>(_ name: String) -> T? { segment.known(name) }

    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        try segment.derived(name, make: make)
    }

    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer {
        try segment.answer(key, make: make)
    }
}
