internal import Foundation
internal import GRDB
internal import Spans
internal import Zlib

/// One SQLite file: the segments of one UTC day.
///
/// Nothing here knows what the bytes mean; segments are encoded and read elsewhere. Writers take turns
/// in SQLite; readers never wait for them (WAL).
final class Partition: Sendable {
    /// The UTC day, as `2026-11-18`.
    let name: String
    let path: String
    private let file: PartitionFile

    init(name: String, directory: String, among openFiles: OpenFiles) throws {
        self.name = name
        path = directory + "/" + name + ".sqlite"
        file = try PartitionFile(path: path, among: openFiles)
        try removeRetired()
    }

    func close() throws { try file.close() }

    /// Unlinks the file. Queries that began before go on reading it.
    func unlink() throws {
        try file.pin()
        for suffix in ["", "-wal", "-shm"] {
            let path = path + suffix
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    // MARK: Reading

    func segments() throws -> [SegmentRecord] {
        try file.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT id, format, spans, traces, start_min, start_max, received_min,
                        received_max, ordered, mapping, row_counts, raw_bytes, trace_filter,
                        body IS NOT NULL AS packed, checksum,
                        (SELECT bitmap FROM deletion WHERE segment = id) AS deletions
                    FROM segment WHERE id NOT IN (SELECT segment FROM retired) ORDER BY id
                    """)
            var records: [SegmentRecord] = []
            while let row = try rows.next() { records.append(try SegmentRecord(row)) }
            return records
        }
    }

    func body(of segment: Int64) throws -> [UInt8] {
        let found = try file.read { db in
            try Row.fetchOne(
                db, sql: "SELECT body, checksum FROM segment WHERE id = ?", arguments: [segment])
        }
        guard let found, let body: Data = found["body"] else {
            throw DamagedBytes("segment \(segment) of \(name) has no body")
        }
        return try checked([UInt8](body), found["checksum"], "segment \(segment) of \(name)")
    }

    /// The columns of a large segment, without their bytes.
    func columns(of segment: Int64) throws -> [ColumnRecord] {
        try file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, tbl, origin, key, type, raw_bytes, compressed, checksum
                    FROM "column" WHERE segment = ? ORDER BY id
                    """, arguments: [segment]
            ).map { try ColumnRecord($0) }
        }
    }

    /// The bytes of one column, inflated.
    func payload(of column: ColumnRecord) throws -> [UInt8] {
        let data = try file.read { db in
            try Data.fetchOne(
                db, sql: "SELECT data FROM \"column\" WHERE id = ?", arguments: [column.id])
        }
        guard let data else { throw DamagedBytes("column \(column.id) of \(name) is gone") }
        return try column.bytes.opened([UInt8](data), "column \(column.key.name) of \(name)")
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
            let data: Data = row["data"]
            return try StoredBytes(row).opened([UInt8](data), "text of \(column.key.name)")
        }
    }

    func sharedTraces() throws -> [Int64: Set<UInt64>] {
        try file.read { db in
            var shared: [Int64: Set<UInt64>] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT segment, trace_id FROM shared_trace")
            while let row = try rows.next() {
                let id: Data = row["trace_id"]
                shared[row["segment"], default: []].insert(
                    id.withUnsafeBytes { TraceFilter.hash($0) })
            }
            return shared
        }
    }

    func ledger() throws -> LedgerCounts { try file.read { try LedgerCounts($0) } }

    func byteCount() -> Int {
        ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path + suffix)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    // MARK: Writing

    /// Everything of one group commit for this partition, in one synced transaction.
    ///
    /// - Parameters:
    ///   - deletions: for older segments all rows that are deleted from now on.
    ///   - own: rows of the new segment that are superseded already.
    /// - Returns: the id of the new segment, if there is one.
    func commit(
        _ segment: SealedSegment?, deletions: [Int64: RowSet], own: RowSet? = nil,
        ledger: LedgerCounts
    ) throws -> Int64? {
        try file.write { db in
            var id: Int64?
            if let segment {
                try insert(segment.record, body: segment.body, db)
                id = db.lastInsertedRowID
            }
            var deletions = deletions
            if let id { deletions[id] = own }
            try save(deletions, db)
            try ledger.save(db)
            return id
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
            try insert(record, body: nil, db)
            let id = db.lastInsertedRowID
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

    func add(_ ledger: LedgerCounts) throws {
        try file.write { db in try ledger.save(db) }
    }

    /// Removes segments for good. They must be retired, and no query may be reading them.
    func remove(_ segments: [Int64]) throws {
        for id in segments {
            try file.write { db in
                try db.execute(sql: "DELETE FROM segment WHERE id = ?", arguments: [id])
                try db.execute(sql: "DELETE FROM retired WHERE segment = ?", arguments: [id])
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

    private func insert(_ record: SegmentRecord, body: [UInt8]?, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO segment (format, spans, traces, start_min, start_max, received_min,
                    received_max, ordered, mapping, row_counts, raw_bytes, trace_filter, checksum,
                    body)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                record.format, record.spans, record.traces, record.startMin, record.startMax,
                record.receivedMin, record.receivedMax, record.isOrdered, record.mapping,
                record.rowCountsJSON, record.rawBytes, record.filter.map { Data($0.bytes) },
                body.map { Int64(crc(of: $0)) }, body.map { Data($0) },
            ])
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
                sql: "INSERT OR REPLACE INTO deletion (segment, bitmap) VALUES (?, ?)",
                arguments: [segment, Data(rows.bytes)])
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
