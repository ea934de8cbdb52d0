internal import GRDB
internal import Spans

/// A checksum over what a partition says of a segment and its columns, so that a changed bit of a time, a count, a
/// key or the trace filter is found, and not believed. The bytes of bodies, columns and texts have their own.
enum SegmentSeal {
    /// What of a segment is sealed, in this order.
    static let segmentColumns = """
        id, format, spans, traces, start_min, start_max, received_min, received_max, ordered, mapping, \
        row_counts, raw_bytes, trace_filter, checksum
        """
    private static let columnColumns = """
        id, tbl, origin, key, type, present, distinct_values, min, max, raw_bytes, compressed, checksum
        """

    /// Of a small segment, from the values of `segmentColumns`.
    static func of(_ values: [DatabaseValue]) -> Int64 {
        var bytes: [UInt8] = []
        for value in values { bytes.append(value) }
        return Int64(crc(of: bytes))
    }

    /// Of a segment as it is stored, columns included.
    static func of(_ segment: Int64, _ db: Database) throws -> Int64 {
        var bytes: [UInt8] = []
        let rows =
            try Row.fetchAll(
                db, sql: "SELECT \(segmentColumns) FROM segment WHERE id = ?", arguments: [segment])
            + Row.fetchAll(
                db,
                sql: "SELECT \(columnColumns) FROM \"column\" WHERE segment = ? ORDER BY id",
                arguments: [segment])
        for row in rows {
            for value in row.databaseValues { bytes.append(value) }
        }
        return Int64(crc(of: bytes))
    }
}

extension SegmentSeal {
    private static let ofCounts = [
        "SELECT segment, mapping, raw_bytes, compressed, checksum FROM segment_count WHERE segment = ?",
        """
        SELECT id, distinct_values, raw_bytes, compressed, checksum FROM value_count
        WHERE segment = ? ORDER BY id
        """,
        """
        SELECT origin, name, value_count FROM value_count_name
        WHERE segment = ? ORDER BY origin, name
        """,
        """
        SELECT t.value_count, t.raw_bytes, t.compressed, t.checksum
        FROM trace_value t JOIN value_count v ON v.id = t.value_count
        WHERE v.segment = ? ORDER BY t.value_count
        """,
    ]

    /// Of what is said of a segment's counts. Apart from the segment's own: counts can be made anew.
    static func ofCounts(_ segment: Int64, _ db: Database) throws -> Int64 {
        var bytes: [UInt8] = []
        for sql in ofCounts {
            for row in try Row.fetchAll(db, sql: sql, arguments: [segment]) {
                for value in row.databaseValues { bytes.append(value) }
            }
        }
        return Int64(crc(of: bytes))
    }
}

extension [UInt8] {
    /// Appends a value so that no two look alike: a byte for its type, its length, its bytes.
    fileprivate mutating func append(_ value: DatabaseValue) {
        switch value.storage {
        case .null: append(0)
        case .int64(let number):
            append(1)
            appendLittleEndian(UInt64(bitPattern: number))
        case .double(let number):
            append(2)
            appendLittleEndian(number.bitPattern)
        case .string(let text):
            append(3)
            appendVarint(text.utf8.count)
            append(contentsOf: text.utf8)
        case .blob(let data):
            append(4)
            appendVarint(data.count)
            append(contentsOf: data)
        }
    }
}
