internal import Spans

/// A segment that is checked, column by column, so that no more than one is in memory.
struct CheckedSegment {
    let segment: Segment
    private let source: MergeSource

    init(_ segment: Segment) throws {
        self.segment = segment
        source = try MergeSource(segment)
    }

    var record: SegmentRecord { segment.record }
    var keys: [ColumnKey] { source.keys.sorted(by: ColumnKey.inStorageOrder) }

    /// A column with its texts, its bytes verified.
    func column(_ key: ColumnKey) throws -> ColumnData? { try source.column(key) }

    func isLive(_ row: Int) -> Bool { record.deletions?.contains(row) != true }

    /// A numeric field of every row of its table; 0 where it was not stored.
    func numbers<F: TableField>(_ field: F) throws -> [UInt64] {
        let count = record.rowCounts[Int(F.table.rawValue)]
        return try column(ColumnKey(F.table, .field, field.name, field.type))?
            .denseNumbers(rowCount: count) ?? [UInt64](repeating: 0, count: count)
    }

    func identities() throws -> Identities {
        var data = SegmentData(rowCounts: record.rowCounts)
        for key in Identities.columns { data.columns[key] = try column(key) }
        return try Identities(data)
    }
}

/// One thing that is verified of every segment.
protocol SegmentCheck: Sendable {
    /// - Parameter add: is told each problem: what was expected, what was found, and the column if it is about one.
    /// - Throws: what `Damage` knows, if the segment cannot be read.
    static func run(
        _ segment: CheckedSegment,
        _ add: (_ expected: String, _ found: String, _ column: String?) -> Void) throws
}

/// All of them. A new one is a type of its own and a name here.
let segmentChecks: [any (SegmentCheck & SendableMetatype).Type] = [
    ColumnCheck.self, PointerCheck.self, TimeCheck.self, TraceCheck.self, OrderCheck.self,
    DeletionCheck.self, CountCheck.self,
]
