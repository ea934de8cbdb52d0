internal import Spans
internal import Synchronization

/// A stored segment: what is known without reading it, and its columns on demand.
///
/// Immutable. What changes (deleted rows, shared traces) is in `SegmentView`. When the last snapshot
/// that holds a retired segment is gone, so is the last reference to it, and upkeep removes its rows.
final class Segment: Sendable {
    let partition: Partition
    let record: SegmentRecord
    let columns: [ColumnKey: ColumnRecord]
    /// Of its trace filter; nil if it has none, as small segments.
    let filterChecksum: UInt32?
    private let warm: WarmColumns
    /// Of a small segment nil until it is read.
    private let known: Mutex<KeySet?>
    /// Of a large one, once it was counted.
    private let counted: Mutex<CountRecords?>

    var id: Int64 { record.id }
    var isPacked: Bool { record.isPacked }

    /// - Parameter keys: of a small segment, if they are known.
    init(
        _ record: SegmentRecord, _ partition: Partition, _ warm: WarmColumns,
        keys: Set<ColumnKey>? = nil
    ) throws {
        guard (1...segmentFormat).contains(record.format) else {
            throw DamagedBytes(
                "its format is \(record.format); this version reads 1 to \(segmentFormat)")
        }
        self.partition = partition
        self.record = record
        self.warm = warm
        filterChecksum = record.filter.map { crc(of: $0.bytes) }
        known = Mutex(keys.map { warm.keySets.set(of: $0) })
        // Damaged ones are made anew.
        counted = Mutex(record.isPacked ? nil : try? partition.countRecords(of: record.id))
        columns =
            record.isPacked
            ? [:]
            : Dictionary(
                try partition.columns(of: record.id).map { ($0.key, $0) },
                uniquingKeysWith: { first, _ in first })
    }

    deinit { warm.forget(ObjectIdentifier(self)) }

    /// The columns that some row has a value in.
    ///
    /// A small segment's are remembered: were they read each time, one that is damaged meanwhile would look as if it had
    /// none, and questions about it would have wrong answers.
    var keys: Set<ColumnKey> { (try? keySet)?.keys ?? [] }

    var keySet: KeySet {
        get throws {
            if let set = known.withLock({ $0 }) { return set }
            return remember(isPacked ? try packed().keys : Set(columns.keys))
        }
    }

    /// What is stored of its counts (`SegmentCounts`).
    var countRecords: CountRecords? { counted.withLock { $0 } }

    /// Takes up counts that were stored.
    func setCounts(_ records: CountRecords?) { counted.withLock { $0 = records } }

    /// Forgets counts that turned out damaged.
    func forgetCounts(_ number: UInt64) {
        counted.withLock { if $0?.number == number { $0 = nil } }
    }

    @discardableResult
    private func remember(_ keys: Set<ColumnKey>) -> KeySet {
        let set = warm.keySets.set(of: keys)
        known.withLock { $0 = set }
        return set
    }

    /// Runs what reads this segment, so that who asked is told which one is damaged.
    ///
    /// - Throws: `DamagedSegment` in place of what says that something is damaged.
    func reading<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as DamagedSegment {
            throw error
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            throw DamagedSegment(segment: self, reason: reason, isOfFile: Damage.isOfFile(error))
        }
    }

    /// The wanted columns, without the bytes of long texts.
    ///
    /// Decoded columns stay warm within the budget of the process.
    func data(_ wanted: (ColumnKey) -> Bool) throws -> SegmentData {
        try reading {
            if isPacked { return try packed().data(withTexts: false, wanted) }
            var data = SegmentData(rowCounts: record.rowCounts)
            data.traceEnds = try traceEnds()
            for (key, column) in columns where wanted(key) {
                data.columns[key] = try decoded(column, data.traceEnds)
            }
            return data
        }
    }

    /// One column, its long texts too if asked for; nil if the segment has no such column.
    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        try reading {
            if isPacked { return try packed().column(key, withTexts: withTexts) }
            guard let record = columns[key] else { return nil }
            var column = try decoded(record, key == .traceID ? [] : try traceEnds())
            if withTexts { try fill(&column, record) }
            return column
        }
    }

    /// The same, but it stays in memory only if it was there before.
    func passingColumn(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        if isPacked || warm.isKnown(ObjectIdentifier(self), key) {
            return try column(key, withTexts: withTexts)
        }
        return try reading {
            guard let record = columns[key] else { return nil }
            var column = try read(record, key == .traceID ? [] : try traceEnds())
            if withTexts { try fill(&column, record) }
            return column
        }
    }

    /// Some rows of a column. It may have others too, and texts that lie apart are not there.
    ///
    /// Decoded, all columns of ten million spans would be several times the budget, so they are only while there is room;
    /// then the encoded ones are kept, and read where the rows lie.
    ///
    /// - Parameter rows: ascending, each once.
    func column(_ key: ColumnKey, rows: [Int]) throws -> ColumnData? {
        try reading {
            if isPacked { return try packed().column(key, withTexts: true) }
            guard let record = columns[key] else { return nil }
            let rowCount = self.record.rowCounts[Int(key.table.rawValue)]
            if rows.count > rowCount / Self.rowsApart {
                return try column(key, withTexts: false)
            }
            let ends = key == .traceID || key.table != .span ? [] : try traceEnds()
            let owner = ObjectIdentifier(self)
            let estimate = record.bytes.rawCount + rowCount * 8
            if let column = try warm.column(
                owner, key, ifRoomFor: estimate, load: { try read(record, ends) })
            {
                return column
            }
            return try pick(
                rows, key, traceEnds: ends,
                from: warm.encoded(owner, key) { try partition.payload(of: record) })
        }
    }

    /// The same for rows that are gathered once: nothing is kept for them.
    func picked(_ key: ColumnKey, rows: [Int]) throws -> ColumnData? {
        try reading {
            guard let record = columns[key] else { return nil }
            let ends = key == .traceID || key.table != .span ? [] : try traceEnds()
            return try pick(rows, key, traceEnds: ends, from: partition.payload(of: record))
        }
    }

    private func pick(
        _ rows: [Int], _ key: ColumnKey, traceEnds: [UInt32], from bytes: [UInt8]
    ) throws -> ColumnData {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try ColumnCodec.pick(
                rows, &reader, key: key, rowCount: record.rowCounts[Int(key.table.rawValue)],
                traceEnds: traceEnds)
        }
    }

    /// Where more than one row of so many is read, decoding all costs no more than picking them.
    static let rowsApart = 64

    /// A small segment, read past the warm columns.
    func opened() throws -> PackedSegment {
        try reading {
            let packed = try PackedSegment(partition.body(of: id))
            guard packed.rowCounts == record.rowCounts else {
                throw DamagedBytes("its body has \(packed.rowCounts) rows, not \(record.rowCounts)")
            }
            remember(packed.keys)
            return packed
        }
    }

    /// One column of a large segment with its texts, read past the warm columns.
    func cold(_ key: ColumnKey) throws -> ColumnData? {
        guard let record = columns[key] else { return nil }
        return try reading {
            var column = try read(record, key == .traceID ? [] : try traceEnds())
            try fill(&column, record)
            return column
        }
    }

    /// What was derived and is still kept.
    func known<T: MemorySized>(_ name: String) -> T? {
        warm.known(ObjectIdentifier(self), name)
    }

    /// Keeps what `make` derives from this segment alone, within the budget.
    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        try warm.derived(ObjectIdentifier(self), name, make: make)
    }

    /// Keeps what the segment gives to a query.
    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer {
        try warm.answer(ObjectIdentifier(self), key, make: make)
    }

    /// A small segment from memory. Inflated but not decoded, it takes a fifth of the room, so that all of a large
    /// backlog stays warm; decoding a column costs little beside that.
    private func packed() throws -> PackedSegment {
        try warm.packed(ObjectIdentifier(self)) { try opened() }
    }

    /// Where each trace ends; empty for a small segment, which is in no order.
    func traceEnds() throws -> [UInt32] {
        guard record.isOrdered else { return [] }
        return try reading {
            guard let traceIDs = columns[.traceID] else {
                throw DamagedBytes("it has no trace ids")
            }
            return try derived("trace ends") { Self.traceEnds(try decoded(traceIDs, [])) }
        }
    }

    /// Where runs of one trace id end.
    static func traceEnds(_ traceIDs: ColumnData) -> [UInt32] {
        var ends: [UInt32] = []
        for row in traceIDs.codes.indices.dropFirst()
        where traceIDs.codes[row] != traceIDs.codes[row - 1] {
            ends.append(UInt32(row))
        }
        ends.append(UInt32(traceIDs.codes.count))
        return ends
    }

    private func decoded(_ record: ColumnRecord, _ traceEnds: [UInt32]) throws -> ColumnData {
        try warm.column(ObjectIdentifier(self), record.key) { try read(record, traceEnds) }
    }

    private func read(_ record: ColumnRecord, _ traceEnds: [UInt32]) throws -> ColumnData {
        try partition.payload(of: record).withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try ColumnCodec.read(
                &reader, key: record.key,
                rowCount: self.record.rowCounts[Int(record.key.table.rawValue)],
                traceEnds: record.key.table == .span ? traceEnds : [])
        }
    }
}

/// A segment as one snapshot sees it.
struct SegmentView: Sendable {
    let segment: Segment
    /// Rows that no query sees; nil if there are none.
    var deleted: RowSet?
    /// Of a large segment: hashes of its traces of which other segments may have spans.
    var shared: Set<UInt64> = []
    /// Those of them that are not on disk: they were marked for the sake of a small segment, which the next
    /// start finds again as long as it stays small.
    var unsavedShared: Set<UInt64> = []
    /// Of a large segment: whether copies of its spans in other partitions were looked for (`CopySearch`).
    var isFreeOfCopies = false
    /// Of a small segment: hashes of its traces, each once.
    var traces: [UInt64] = []
    /// Of a small segment: those with the same number are gathered together (`SmallGroups`).
    var group: UInt32 = 0

    var liveSpans: Int { segment.record.spans - (deleted?.count ?? 0) }
}

extension Segment {
    /// The segment's traces by hash.
    func traceTable() throws -> TraceTable {
        try reading {
            try derived(Self.traceTable) {
                guard let traceIDs = try column(.traceID, withTexts: false) else {
                    throw DamagedBytes("it has no trace ids")
                }
                return TraceTable(traceIDs.strings)
            }
        }
    }

    /// The numbers of the traces with some hashes.
    func traces(of hashes: Set<UInt64>) throws -> [Int] {
        if let table: TraceTable = known(Self.traceTable) {
            return hashes.compactMap { table.trace($0) }
        }
        return try reading {
            // To look at each trace takes less than to put all in order.
            guard let ids = try column(.traceID, withTexts: false)?.strings else { return [] }
            return (0..<ids.count).filter { trace in
                hashes.contains(ids.withValue(trace) { TraceFilter.hash($0) })
            }
        }
    }

    private static let traceTable = "trace table"

    /// Reads every byte of it once more, past what is kept in memory.
    ///
    /// - Throws: `DamagedSegment`.
    func verify() throws {
        try reading {
            if isPacked {
                _ = try opened().data(withTexts: true)
            } else {
                for key in columns.keys { _ = try cold(key) }
            }
        }
    }
}
