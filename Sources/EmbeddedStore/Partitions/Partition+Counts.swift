internal import Foundation
internal import GRDB
internal import Spans
internal import Store
internal import Synchronization

/// What a partition's file says of a segment's counts.
struct CountRecords: Sendable {
    /// No other has it: what is kept of these holds for them alone.
    let number = CountRecords.numbers.add(1, ordering: .relaxed).newValue
    private static let numbers = Atomic<UInt64>(0)

    /// The version of the dimensions that they were made with.
    let mapping: Int
    let minutes: StoredBytes
    let byField: [Field: ValueCountRecord]
}

/// One field's counts, without their bytes.
struct ValueCountRecord: Sendable {
    let id: Int64
    let bytes: StoredBytes
    /// Of the values that each trace has.
    let ofTraces: StoredBytes?
}

/// A segment's counts, ready to be stored.
struct SealedCounts: Sendable {
    var mapping: Int
    var minutes: SealedBytes
    var values: [Values] = []

    /// The counts of fields that have the same values on every span.
    struct Values: Sendable {
        var fields: [Field]
        var distinct: Int
        var bytes: SealedBytes
        var ofTraces: SealedBytes
    }
}

extension Partition {
    /// What is said of a segment's counts; nil if there are none.
    func countRecords(of segment: Int64) throws -> CountRecords? {
        try file.read { db in
            let found = try Row.fetchOne(
                db,
                sql: """
                    SELECT mapping, raw_bytes, compressed, checksum FROM segment_count
                    WHERE segment = ?
                    """, arguments: [segment])
            guard let found, let heads = try SegmentHeads(.counts, of: segment, db) else {
                return nil
            }
            let rows = try heads.countRows()
            var ofTraces: [Int64: StoredBytes] = [:]
            for row in rows.ofTraces {
                ofTraces[try row.decode(forColumn: "value_count")] = try StoredBytes(row)
            }
            var byID: [Int64: ValueCountRecord] = [:]
            for row in rows.counts {
                let id = try row.decode(Int64.self, forColumn: "id")
                byID[id] = ValueCountRecord(
                    id: id, bytes: try StoredBytes(row), ofTraces: ofTraces[id])
            }
            var byField: [Field: ValueCountRecord] = [:]
            for row in rows.names {
                let isRaw = try row.decode(String.self, forColumn: "origin") == Self.attribute
                let field = Field(
                    try row.decode(forColumn: "name"), scope: isRaw ? .attribute : .any)
                byField[field] = byID[try row.decode(forColumn: "value_count")]
            }
            return CountRecords(
                mapping: try found.decode(forColumn: "mapping"), minutes: try StoredBytes(found),
                byField: byField)
        }
    }

    private static let attribute = "attribute"

    /// The bytes of a segment's counts by minute, inflated.
    func minuteCounts(of segment: Int64, _ record: CountRecords) throws -> [UInt8] {
        try countBytes(
            "SELECT data FROM segment_count WHERE segment = ?", segment, record.minutes)
    }

    func valueCounts(_ record: ValueCountRecord) throws -> [UInt8] {
        try countBytes("SELECT data FROM value_count WHERE id = ?", record.id, record.bytes)
    }

    /// The bytes of what traces have of a field; nil if they are not stored.
    func traceValues(_ record: ValueCountRecord) throws -> [UInt8]? {
        try record.ofTraces.map {
            try countBytes("SELECT data FROM trace_value WHERE value_count = ?", record.id, $0)
        }
    }

    private func countBytes(_ sql: String, _ id: Int64, _ stored: StoredBytes) throws -> [UInt8] {
        let data = try file.read { db in try Data.fetchOne(db, sql: sql, arguments: [id]) }
        guard let data else { throw DamagedBytes("counts are gone") }
        return try stored.opened([UInt8](data), "counts")
    }

    /// Stores the counts of a segment, in place of those that it may have.
    func save(_ counts: SealedCounts, of segment: Int64) throws {
        try file.write { db in
            try db.execute(
                sql: "DELETE FROM segment_count WHERE segment = ?", arguments: [segment])
            try db.execute(
                sql: """
                    INSERT INTO segment_count
                        (segment, mapping, raw_bytes, compressed, checksum, data, seal)
                    VALUES (?, ?, ?, ?, ?, ?, 0)
                    """,
                arguments: [
                    segment, counts.mapping, counts.minutes.rawCount, counts.minutes.isCompressed,
                    Int64(counts.minutes.checksum), Data(counts.minutes.bytes),
                ])
            for values in counts.values { try insert(values, segment, db) }
            try SegmentHeads.seal(.counts, of: segment, db)
        }
    }

    private func insert(
        _ values: SealedCounts.Values, _ segment: Int64, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO value_count
                    (segment, distinct_values, raw_bytes, compressed, checksum, data)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                segment, values.distinct, values.bytes.rawCount, values.bytes.isCompressed,
                Int64(values.bytes.checksum), Data(values.bytes.bytes),
            ])
        let id = db.lastInsertedRowID
        try db.execute(
            sql: """
                INSERT INTO trace_value (value_count, raw_bytes, compressed, checksum, data)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                id, values.ofTraces.rawCount, values.ofTraces.isCompressed,
                Int64(values.ofTraces.checksum), Data(values.ofTraces.bytes),
            ])
        for field in values.fields {
            try db.execute(
                sql: """
                    INSERT INTO value_count_name (segment, origin, name, value_count)
                    VALUES (?, ?, ?, ?)
                    """,
                arguments: [
                    segment, field.scope == .attribute ? Self.attribute : "canonical", field.name,
                    id,
                ])
        }
    }
}
