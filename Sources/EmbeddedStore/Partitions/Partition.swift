internal import Foundation
internal import GRDB
internal import Spans
internal import Store
internal import Synchronization
internal import Zlib

/// One SQLite file: the segments of one UTC day.
///
/// Nothing here knows what the bytes mean; segments are encoded and read elsewhere. Writers take turns
/// in SQLite; readers never wait for them (WAL).
final class Partition: Sendable {
    /// The UTC day, as `2026-11-18`.
    let name: String
    let path: String
    /// Commits that are missing although they were acknowledged: the log that had them is damaged or gone.
    let lostCommits: Int
    /// Whether the number of the last commit lay beside the file. Where it does not, another file may have taken the old one's place.
    let hadMark: Bool
    let file: PartitionFile
    private let mark: CommitMark
    /// The last segment when it was opened.
    private let lastFound: Int64
    /// Damaged segments, which no query sees.
    private let aside: Mutex<Set<Int64>>
    private let traceFilter = Mutex<PartitionFilter?>(nil)

    /// Opens a file, made if missing.
    ///
    /// - Throws: what `Damage` knows, if it is no partition or its structure is damaged.
    init(name: String, directory: String, among openFiles: OpenFiles) throws {
        self.name = name
        path = directory + "/" + name + ".sqlite"
        mark = CommitMark(partition: path)
        if !FileManager.default.fileExists(atPath: path) { mark.remove() }
        hadMark = mark.value != nil
        let committed = mark.value ?? 0
        file = try PartitionFile(path: path, isUsed: committed > 0, among: openFiles)
        let (last, aside) = try file.read { db in
            try Self.checkStructure(db)
            return (
                try Self.lastSegment(db),
                try Int64.fetchAll(db, sql: "SELECT segment FROM set_aside")
            )
        }
        self.aside = Mutex(Set(aside))
        lastFound = last
        lostCommits = committed > last ? Int(clamping: committed - last) : 0
        if lostCommits > 0 { mark.set(last) }
        try removeRetired()
    }

    /// Opens a file to look at it as it is now, whatever is written meanwhile. Nothing is changed, nothing checked.
    init(reading name: String, in directory: String) throws {
        self.name = name
        path = directory + "/" + name + ".sqlite"
        mark = CommitMark(partition: path)
        file = try PartitionFile(reading: path)
        lostCommits = 0
        hadMark = mark.value != nil
        lastFound = 0
        aside = Mutex([])
    }

    /// Writes the number of the last commit that was missing beside the file, now that all is known of it.
    func addMark() { if mark.value == nil { mark.set(lastFound) } }

    /// Runs statements that only read.
    func reading<T>(_ body: (Database) throws -> T) throws -> T { try file.read(body) }

    /// The last segment that was committed, as far as is known beside the file.
    var committedMark: Int64? { mark.value }

    /// The tables that say which segments and rows are to be seen. A row that is lost to damage leaves no gap there that
    /// anything else could find.
    private static func checkStructure(_ db: Database) throws {
        for table in ["segment", "retired", "deletion", "set_aside"] {
            let found = try String.fetchAll(db, sql: "PRAGMA quick_check('\(table)')")
            if found != ["ok"] {
                throw DamagedBytes(
                    "table \(table): \(found.first ?? "nothing said of it")")
            }
            if table != "segment", try hasOrphans(table, db) {
                throw DamagedBytes("table \(table): a segment that is not there")
            }
        }
    }

    /// Whether a table has rows of a segment that is not there: then they were another's.
    private static func hasOrphans(_ table: String, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM "\(table)" WHERE segment NOT IN (SELECT id FROM segment))
                """) ?? true
    }

    /// The highest number that a segment ever had.
    static func lastSegment(_ db: Database) throws -> Int64 {
        let statement = try db.cachedStatement(
            sql: """
                SELECT max(coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'segment'), 0),
                    coalesce((SELECT max(id) FROM segment), 0))
                """)
        return try Int64.fetchOne(statement) ?? 0
    }

    func close() throws { try file.close() }

    /// Closes the file and leaves nothing beside it.
    func closeForGood() throws {
        try file.close()
        try PartitionFile.removeLog(path)
    }

    /// From now on every use of the file fails: another may lie at its path.
    func abandon() { file.abandon() }

    /// Closes the file unless it is in use, so that the next use opens it anew.
    func reopen() throws { try file.closeUnlessUsed() }

    /// Unlinks the file. Queries that began before go on reading it.
    func unlink() throws {
        try file.pin()
        mark.remove()
        for suffix in ["", "-wal", "-shm"] {
            let path = path + suffix
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    // MARK: Reading

    func body(of segment: Int64) throws -> [UInt8] {
        let found = try file.read { db in
            try Row.fetchOne(
                db, sql: "SELECT body, checksum FROM segment WHERE id = ?", arguments: [segment])
        }
        guard let found, let body = try found.decode(Data?.self, forColumn: "body") else {
            throw DamagedBytes("it has no body")
        }
        return try checked(
            [UInt8](body), try found.decode(forColumn: "checksum"), "body")
    }

    /// The columns of a large segment, without their bytes.
    func columns(of segment: Int64) throws -> [ColumnRecord] {
        try file.read { db in
            try SegmentHeads(.columns, of: segment, db)?.columnRows().map { try ColumnRecord($0) }
                ?? []
        }
    }

    /// The bytes of one column, inflated.
    func payload(of column: ColumnRecord) throws -> [UInt8] {
        let data = try file.read { db in
            try Data.fetchOne(
                db, sql: "SELECT data FROM \"column\" WHERE id = ?", arguments: [column.id])
        }
        guard let data else { throw DamagedBytes("column \(column.key.name) is gone") }
        return try column.bytes.opened([UInt8](data), "column \(column.key.name)")
    }

    /// A column's text blocks in the order of their numbers, inflated; `number` for one of them.
    func textBlocks(of column: ColumnRecord, number: Int? = nil) throws -> [[UInt8]] {
        let rows = try file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT raw_bytes, compressed, checksum, data FROM text_block
                    WHERE "column" = ? AND (?2 IS NULL OR number = ?2) ORDER BY number
                    """, arguments: [column.id, number])
        }
        return try rows.map { row in
            let data = try row.decode(Data.self, forColumn: "data")
            return try StoredBytes(row).opened([UInt8](data), "text of \(column.key.name)")
        }
    }

    /// Over the traces of many of its segments; nil if there is none.
    var filter: PartitionFilter? { traceFilter.withLock { $0 } }

    func setFilter(_ filter: PartitionFilter?) { traceFilter.withLock { $0 = filter } }

    func sharedTraces() throws -> [Int64: Set<UInt64>] {
        try file.read { db in
            var shared: [Int64: Set<UInt64>] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT segment, trace_id FROM shared_trace")
            while let row = try rows.next() {
                let id = try row.decode(Data.self, forColumn: "trace_id")
                shared[try row.decode(forColumn: "segment"), default: []].insert(
                    id.withUnsafeBytes { TraceFilter.hash($0) })
            }
            return shared
        }
    }

    /// Whether no mark of a shared trace was lost to damage.
    func hasSoundMarks() -> Bool {
        let isSound = try? file.read { db in
            try String.fetchAll(db, sql: "PRAGMA quick_check('shared_trace')") == ["ok"]
                && !Self.hasOrphans("shared_trace", db)
        }
        return isSound ?? false
    }

    /// Differs where another file lies under the same name.
    var fileIdentity: String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? NSNumber).map { "\($0)" } ?? ""
    }

    func ledger() throws -> LedgerCounts { try file.read { try LedgerCounts($0) } }

    func ledgerEntries() throws -> [LedgerEntry] { try file.read { try LedgerLines.entries($0) } }

    func byteCount() -> Int {
        FileSize.of(path) + FileSize.of(path + "-wal")
    }

    // MARK: Damage

    /// How many segments are set aside.
    var damagedSegments: Int { aside.withLock { $0.count } }

    /// Shows a damaged segment to no query any more, of this run and the next.
    ///
    /// - Throws: if the file cannot be written; it is set aside for this run all the same.
    func setAside(_ segment: Int64, _ reason: String, at time: UInt64) throws {
        guard aside.withLock({ $0.insert(segment).inserted }) else { return }
        try file.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO set_aside (segment, reason, found) VALUES (?, ?, ?)",
                arguments: [segment, reason, Int64(clamping: time)])
        }
    }

    // MARK: Writing

    /// Everything of one group commit for this partition, in one synced transaction.
    ///
    /// - Parameters:
    ///   - deletions: for older segments all rows that are deleted from now on.
    ///   - own: rows of the new segment that are superseded already.
    ///   - received: Unix nanoseconds, for the ledger.
    /// - Returns: the id of the new segment, if there is one.
    func commit(
        _ segment: SealedSegment?, deletions: [Int64: RowSet], own: RowSet? = nil,
        ledger: Ledger, at received: UInt64
    ) throws -> Int64? {
        do {
            let id = try file.write { db in
                let id = try segment.map { try insert($0.record, body: $0.body, db) }
                var deletions = deletions
                if let id { deletions[id] = own }
                try save(deletions, db)
                try ledger.save(db, at: received)
                return id
            }
            if let id { mark.set(id) }
            return id
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            throw DamagedPartition(partition: self, reason: reason)
        }
    }

    /// Writes a merged segment that no reader sees yet, column by column, so that commits get their
    /// turn in between. A crash leaves it invisible, and the next start removes it.
    ///
    /// - Parameter columns: hands over each column; none is kept here.
    /// - Returns: the record as it was stored.
    func insertInvisible(
        _ record: SegmentRecord, columns: (_ write: (MergedColumn) throws -> Void) throws -> Void
    ) throws -> SegmentRecord {
        var record = record
        record.id = try file.write { db in
            let id = try insert(record, body: nil, db)
            try db.execute(sql: "INSERT INTO retired (segment) VALUES (?)", arguments: [id])
            return id
        }
        do {
            try columns { column in
                record.rawBytes += column.rawBytes
                try file.write { db in try insert(column, segment: record.id, db) }
            }
            try file.write { db in
                try db.execute(
                    sql: "UPDATE segment SET raw_bytes = ? WHERE id = ?",
                    arguments: [record.rawBytes, record.id])
                try SegmentHeads.seal(.columns, of: record.id, db)
            }
        } catch {
            try? remove([record.id])
            throw error
        }
        return record
    }

    /// Makes merged segments visible in place of those they were made of.
    func swap(in new: [Int64], out old: [Int64], deletions: [Int64: RowSet]) throws {
        try file.write { db in
            for id in new {
                try db.execute(sql: "DELETE FROM retired WHERE segment = ?", arguments: [id])
            }
            for id in old {
                try db.execute(sql: "INSERT INTO retired (segment) VALUES (?)", arguments: [id])
            }
            try save(deletions, db)
        }
    }

    /// Remembers traces of large segments of which other segments have spans.
    func share(_ traces: [Int64: [[UInt8]]]) throws {
        try file.write { db in try save(traces, db) }
    }

    /// Keeps log records, synced. One that is there already changes nothing.
    func append(_ logs: [LogRecord], _ receivedAt: UInt64) throws {
        var compressed: [[UInt8]] = []
        for log in logs { compressed.append(try deflate(log.bytes, level: 1, format: .zlib)) }
        try file.write { db in
            for (log, data) in zip(logs, compressed) {
                let digest = log.bytes.withUnsafeBytes { hashBytes($0, seed: 0) }
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO log_record (received, time, trace_id, span_id,
                            event_name, form, digest, raw_bytes, data)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        Int64(clamping: receivedAt), Int64(clamping: log.time),
                        log.traceID.isEmpty ? nil : Data(log.traceID),
                        log.spanID.isEmpty ? nil : Data(log.spanID), log.eventName,
                        log.form.rawValue, Int64(bitPattern: digest), log.bytes.count, Data(data),
                    ])
            }
        }
    }

    /// Removes segments for good. They must be retired, and no query may be reading them.
    func remove(_ segments: [Int64]) throws {
        for id in segments {
            try file.write { db in
                try db.execute(sql: "DELETE FROM segment WHERE id = ?", arguments: [id])
                try db.execute(sql: "DELETE FROM retired WHERE segment = ?", arguments: [id])
                // It may have turned out damaged after it was merged.
                try db.execute(sql: "DELETE FROM set_aside WHERE segment = ?", arguments: [id])
            }
        }
    }

    /// Gives free pages back to the file system, and the log's content to the main file.
    func shrink() throws {
        try file.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            if pages > 0 {
                // The pragma works one page a step; fetching all rows runs it to its end.
                _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum")
            }
            try db.checkpoint(.truncate)
        }
    }

    private func removeRetired() throws {
        let retired = try file.read { db in
            try Int64.fetchAll(db, sql: "SELECT segment FROM retired")
        }
        try remove(retired)
    }

    /// - Returns: the number that the segment got.
    private func insert(
        _ record: SegmentRecord, body: [UInt8]?, _ db: Database
    ) throws -> Int64 {
        // The seal covers the number, and a second statement would write the body again.
        let last = try Self.lastSegment(db)
        guard last < .max else { throw DamagedBytes("there are no more numbers for segments") }
        let id = last + 1
        let values: [(any DatabaseValueConvertible)?] = [
            id, record.format, record.spans, record.traces, record.startMin, record.startMax,
            record.receivedMin, record.receivedMax, record.isOrdered, record.mapping,
            record.rowCountsJSON, record.rawBytes, record.filter.map { Data($0.bytes) },
            body.map { Int64(crc(of: $0)) },
        ]
        let sealed = values.map { $0?.databaseValue ?? .null }
        try db.execute(
            sql: """
                INSERT INTO segment (\(SegmentSeal.segmentColumns), body, seal)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: StatementArguments(
                sealed + [body.map { Data($0).databaseValue } ?? .null]
                    + [SegmentSeal.of(sealed).databaseValue]))
        return id
    }

    private func insert(_ column: MergedColumn, segment: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO "column" (segment, tbl, origin, key, type, present, distinct_values,
                    min, max, raw_bytes, compressed, checksum, data)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                segment, column.key.table.name, column.key.origin.name, column.key.name,
                column.key.type.name, column.present, column.distinct,
                column.range?.min.databaseValue, column.range?.max.databaseValue,
                column.data.rawCount, column.data.isCompressed, Int64(column.data.checksum),
                Data(column.data.bytes),
            ])
        let id = db.lastInsertedRowID
        for (number, block) in column.textBlocks.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO text_block ("column", number, raw_bytes, compressed, checksum, data)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, number, block.rawCount, block.isCompressed, Int64(block.checksum),
                    Data(block.bytes),
                ])
        }
    }

    private func save(_ deletions: [Int64: RowSet], _ db: Database) throws {
        for (segment, rows) in deletions {
            try db.execute(
                sql: "INSERT OR REPLACE INTO deletion (segment, bitmap, checksum) VALUES (?, ?, ?)",
                arguments: [
                    segment, Data(rows.bytes),
                    SegmentRecord.checksum(ofDeletions: rows.bytes, segment: segment),
                ])
        }
    }

    private func save(_ shared: [Int64: [[UInt8]]], _ db: Database) throws {
        for (segment, traces) in shared {
            for trace in traces {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO shared_trace (segment, trace_id) VALUES (?, ?)",
                    arguments: [segment, Data(trace)])
            }
        }
    }
}
