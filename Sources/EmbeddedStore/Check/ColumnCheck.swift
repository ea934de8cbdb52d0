internal import GRDB
internal import Spans

/// Each column can be read, has values for as many rows as is said, and no value that no row has.
enum ColumnCheck: SegmentCheck {
    static func run(
        _ segment: CheckedSegment, _ add: (String, String, String?) -> Void
    ) throws {
        var rawBytes = 0
        let said = try segment.segment.partition.columnFigures(of: segment.record.id)
        for key in segment.keys {
            // One that cannot be read must not keep the others from being checked.
            do {
                guard let column = try segment.column(key) else { continue }
                checkValues(column, key, segment, add)
                guard let said = said[key] else { continue }
                // A segment's bytes count texts written out, as a merge holds them, not the pool that they lie in.
                rawBytes &+= said.rawBytes + (said.hasTexts ? column.strings.bytes.count : 0)
                compare(said, column, key, add)
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                add("a readable column", reason, key.shown)
            }
        }
        if !segment.record.isPacked, rawBytes != segment.record.rawBytes {
            add("\(segment.record.rawBytes) bytes of columns and texts", "\(rawBytes)", nil)
        }
    }

    private static func checkValues(
        _ column: ColumnData, _ key: ColumnKey, _ segment: CheckedSegment,
        _ add: (String, String, String?) -> Void
    ) {
        let rows = segment.record.rowCounts[Int(key.table.rawValue)]
        if case .all(let count) = column.presence, count != rows {
            add("\(rows) rows", "\(count)", key.shown)
        }
        let entries =
            key.type.isCoded
            ? column.codes.count : key.type == .empty ? column.presence.count : column.numbers.count
        if entries != column.presence.count {
            add("\(column.presence.count) values", "\(entries)", key.shown)
        }
        guard key.type.isCoded else { return }
        var isUsed = [Bool](repeating: false, count: column.valueCount)
        for code in column.codes {
            guard Int(code) < isUsed.count else {
                return add("codes below \(isUsed.count)", "\(code)", key.shown)
            }
            isUsed[Int(code)] = true
        }
        let unused = isUsed.count { !$0 }
        if unused > 0 { add("no value without a row", "\(unused)", key.shown) }
        if column.lists.codes.contains(where: { Int($0) >= column.strings.count }) {
            add("elements below \(column.strings.count)", "others", key.shown)
        }
    }

    private static func compare(
        _ said: ColumnFigures, _ column: ColumnData, _ key: ColumnKey,
        _ add: (String, String, String?) -> Void
    ) {
        if said.present != column.presence.count {
            add("\(said.present) rows with a value", "\(column.presence.count)", key.shown)
        }
        if let distinct = said.distinct, distinct != column.valueCount {
            add("\(distinct) distinct values", "\(column.valueCount)", key.shown)
        }
        let range = NumberRange(column)
        let found = (
            range?.min.databaseValue ?? .null, range?.max.databaseValue ?? .null
        )
        if found != (said.min, said.max) {
            add("\(said.min) to \(said.max)", "\(found.0) to \(found.1)", key.shown)
        }
    }
}

/// What a partition says of a large segment's column.
struct ColumnFigures {
    let present: Int
    let distinct: Int?
    let min: DatabaseValue
    let max: DatabaseValue
    /// Of the column without texts that lie apart.
    let rawBytes: Int
    let hasTexts: Bool
}

extension Partition {
    /// Empty for a small segment.
    func columnFigures(of segment: Int64) throws -> [ColumnKey: ColumnFigures] {
        try reading { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, tbl, origin, key, type, present, distinct_values, min, max, raw_bytes,
                        compressed, checksum,
                        EXISTS (SELECT 1 FROM text_block b WHERE b."column" = "column".id) AS has_texts
                    FROM "column" WHERE segment = ?
                    """, arguments: [segment])
            var figures: [ColumnKey: ColumnFigures] = [:]
            for row in rows {
                figures[try ColumnRecord(row).key] = ColumnFigures(
                    present: try row.decode(forColumn: "present"),
                    distinct: try row.decode(forColumn: "distinct_values"),
                    min: row["min"], max: row["max"],
                    rawBytes: try row.decode(Int.self, forColumn: "raw_bytes"),
                    hasTexts: try row.decode(Bool.self, forColumn: "has_texts"))
            }
            return figures
        }
    }
}

extension ColumnKey {
    /// As a problem names it.
    var shown: String { "\(table.name).\(name) (\(type.name))" }
}
