internal import Foundation
internal import GRDB
internal import Spans

/// What a partition says of the columns of a large segment, or of its counts: the rows of their tables without the bytes.
///
/// They are kept once more in one piece, beside the seal that covers them. In their tables each lies before its bytes on a
/// page of its own, so that a start, which needs all of them, would read tens of thousands of pages from all over the file.
/// The tables stay what counts: a piece that does not fit the seal is not believed, and written anew from them.
struct SegmentHeads {
    /// The rows' values, as seals cover them.
    let bytes: [UInt8]
    /// Whether a piece is to be kept, since there is none, or a damaged one.
    let areToBeKept: Bool

    /// Reads and checks them.
    ///
    /// - Throws: `DamagedBytes` if neither the piece nor the tables fit the seal.
    init?(_ kind: Kind, of segment: Int64, _ db: Database) throws {
        let found = try Row.fetchOne(
            db,
            sql: """
                SELECT \(kind.ownColumns), seal, heads FROM \(kind.table)
                WHERE \(kind.key) = ?
                """, arguments: [segment])
        guard let found else { return nil }
        let seal = try found.decode(Int64?.self, forColumn: "seal")
        // Whatever else lies there is damage that costs nothing.
        let kept = Data.fromDatabaseValue(found["heads"]).map { [UInt8]($0) }
        let own = SealedValues.bytes(of: found.databaseValues.dropLast(2))
        if let kept, SegmentSeal.of(own, kept) == seal {
            bytes = kept
            areToBeKept = false
            return
        }
        bytes = try Self.stored(kind, of: segment, db)
        let fitting = SegmentSeal.of(own, bytes)
        guard seal == fitting || seal == nil && kind.mayLackSeal else {
            throw DamagedBytes(
                "what is said of it and its \(kind.name) has checksum \(fitting), stored \(seal ?? 0)"
            )
        }
        // A version before seals wrote the segment: nothing could tell whether a piece is damaged.
        areToBeKept = seal != nil && !bytes.isEmpty
    }

    /// Those of the tables.
    static func stored(_ kind: Kind, of segment: Int64, _ db: Database) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for sql in kind.rows {
            for row in try Row.fetchAll(db, sql: sql, arguments: [segment]) {
                bytes += SealedValues.bytes(of: row.databaseValues)
            }
        }
        return bytes
    }

    /// To be called after whatever changes what is said of a large segment, its columns or counts: writes the seal, and the
    /// piece beside it.
    static func seal(_ kind: Kind, of segment: Int64, _ db: Database) throws {
        let own = try Row.fetchOne(
            db, sql: "SELECT \(kind.ownColumns) FROM \(kind.table) WHERE \(kind.key) = ?",
            arguments: [segment])
        guard let own else { throw DamagedBytes("it is not there any more") }
        let bytes = try stored(kind, of: segment, db)
        try db.execute(
            sql: "UPDATE \(kind.table) SET seal = ?, heads = ? WHERE \(kind.key) = ?",
            arguments: [
                SegmentSeal.of(SealedValues.bytes(of: own.databaseValues), bytes), Data(bytes),
                segment,
            ])
    }

    /// Segments that have a piece.
    static func segments(_ kind: Kind, _ db: Database) throws -> [Int64] {
        try Int64.fetchAll(
            db, sql: "SELECT \(kind.key) FROM \(kind.table) WHERE heads IS NOT NULL")
    }

    /// Whether a segment's piece is what the tables say.
    static func areAsStored(_ kind: Kind, of segment: Int64, _ db: Database) throws -> Bool {
        let kept = try DatabaseValue.fetchOne(
            db, sql: "SELECT heads FROM \(kind.table) WHERE \(kind.key) = ?", arguments: [segment])
        return try kept == Data(stored(kind, of: segment, db)).databaseValue
    }

    /// Keeps the piece anew.
    func keep(_ kind: Kind, of segment: Int64, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE \(kind.table) SET heads = ? WHERE \(kind.key) = ?",
            arguments: [Data(bytes), segment])
    }

    /// The rows of `column`.
    func columnRows() throws -> [Row] {
        try Self.rows(SealedValues.values(in: bytes)[...], Kind.columnNames)
    }

    /// The rows of the three tables of counts. Only names begin with a text, so that no mark is needed between them.
    func countRows() throws -> (counts: [Row], names: [Row], ofTraces: [Row]) {
        let values = try SealedValues.values(in: bytes)
        func isName(_ value: DatabaseValue) -> Bool {
            if case .string = value.storage { true } else { false }
        }
        let first = values.firstIndex(where: isName) ?? values.endIndex
        let last = values.lastIndex(where: isName) ?? values.endIndex - 1
        // The last text is that name's second value of three.
        let end = min(values.endIndex, last + 2)
        guard first <= end else { throw DamagedBytes("counts without names") }
        return (
            try Self.rows(values[..<first], Kind.countNames),
            try Self.rows(values[first..<end], Kind.fieldNames),
            try Self.rows(values[end...], Kind.traceNames)
        )
    }

    private static func rows(
        _ values: ArraySlice<DatabaseValue>, _ names: [String]
    ) throws -> [Row] {
        guard values.count % names.count == 0 else {
            throw DamagedBytes("\(values.count) values in rows of \(names.count)")
        }
        return stride(from: values.startIndex, to: values.endIndex, by: names.count).map { start in
            let named = zip(names, values[start...]).map {
                ($0, $1 as (any DatabaseValueConvertible)?)
            }
            return Row(Dictionary(uniqueKeysWithValues: named))
        }
    }
}

extension SegmentHeads {
    /// Whose heads: which row has their seal, and which rows they are.
    struct Kind: Sendable {
        /// For people.
        let name: String
        fileprivate let table: String
        fileprivate let key: String
        /// Segments of the version before seals have none; counts came later.
        fileprivate let mayLackSeal: Bool
        /// Of the row that has the seal, what is sealed before the heads.
        fileprivate let ownColumns: String
        fileprivate let rows: [String]

        fileprivate static let columnNames = [
            "id", "tbl", "origin", "key", "type", "present", "distinct_values", "min", "max",
            "raw_bytes", "compressed", "checksum",
        ]
        fileprivate static let countNames = [
            "id", "distinct_values", "raw_bytes", "compressed", "checksum",
        ]
        fileprivate static let fieldNames = ["origin", "name", "value_count"]
        fileprivate static let traceNames = ["value_count", "raw_bytes", "compressed", "checksum"]

        static let columns = Kind(
            name: "columns", table: "segment", key: "id", mayLackSeal: true,
            ownColumns: SegmentSeal.segmentColumns,
            rows: [
                """
                SELECT \(columnNames.joined(separator: ", ")) FROM "column"
                WHERE segment = ? ORDER BY id
                """
            ])

        static let counts = Kind(
            name: "counts", table: "segment_count", key: "segment", mayLackSeal: false,
            ownColumns: "segment, mapping, raw_bytes, compressed, checksum",
            rows: [
                """
                SELECT \(countNames.joined(separator: ", ")) FROM value_count
                WHERE segment = ? ORDER BY id
                """,
                """
                SELECT \(fieldNames.joined(separator: ", ")) FROM value_count_name
                WHERE segment = ? ORDER BY origin, name
                """,
                """
                SELECT \(traceNames.map { "t." + $0 }.joined(separator: ", "))
                FROM trace_value t JOIN value_count v ON v.id = t.value_count
                WHERE v.segment = ? ORDER BY t.value_count
                """,
            ])
    }
}
