internal import Foundation
internal import GRDB
internal import Spans
internal import Zlib

/// The version of the encoding that this program writes. A reader for each released version stays.
let segmentFormat = 2

/// What a partition's file says about a segment, besides its columns.
struct SegmentRecord: Sendable {
    /// Within the partition; 0 before it is stored.
    var id: Int64 = 0
    var format = segmentFormat
    var spans: Int
    var traces: Int
    /// The earliest and latest start, in Unix nanoseconds; starts beyond 2262 count as 2262.
    var startMin: Int64
    var startMax: Int64
    var receivedMin: Int64
    var receivedMax: Int64
    /// Rows are ordered by (the trace's first start, trace id, start).
    var isOrdered: Bool
    /// The version of the derived columns; 0 if there are none.
    var mapping = 0
    var rowCounts: [Int]
    /// Columns and texts before compression.
    var rawBytes = 0
    var filter: TraceFilter?
    /// All in one blob.
    var isPacked: Bool
    var deletions: RowSet?
}

extension SegmentRecord {
    init(_ row: Row) throws {
        id = row["id"]
        format = row["format"]
        spans = row["spans"]
        traces = row["traces"]
        startMin = row["start_min"]
        startMax = row["start_max"]
        receivedMin = row["received_min"]
        receivedMax = row["received_max"]
        isOrdered = row["ordered"]
        mapping = row["mapping"]
        rawBytes = row["raw_bytes"]
        let counts: String = row["row_counts"]
        rowCounts = try JSONDecoder().decode([Int].self, from: Data(counts.utf8))
        guard rowCounts.count == Table.allCases.count, rowCounts[0] == spans else {
            throw DamagedBytes("segment \(id): row counts \(counts) of \(spans) spans")
        }
        isPacked = row["packed"]
        if let bytes: Data = row["trace_filter"] {
            filter = try bytes.withUnsafeBytes { try TraceFilter(bytes: $0) }
        }
        if let bytes: Data = row["deletions"] {
            deletions = RowSet(bytes: [UInt8](bytes), count: spans)
        }
    }

    var rowCountsJSON: String { "[" + rowCounts.map(String.init).joined(separator: ",") + "]" }
}

/// A column of a large segment, without its bytes.
struct ColumnRecord: Sendable {
    let id: Int64
    let key: ColumnKey
    let bytes: StoredBytes

    init(_ row: Row) throws {
        id = row["id"]
        bytes = StoredBytes(row)
        let table = Table.allCases.first { $0.name == row["tbl"] }
        let origin = ColumnOrigin(name: row["origin"])
        let type = ValueType.allCases.first { $0.name == row["type"] }
        guard let table, let origin, let type else {
            throw DamagedBytes("column \(id) is of an unknown kind")
        }
        key = ColumnKey(table, origin, row["key"], type)
    }
}

/// How a blob is stored.
struct StoredBytes: Sendable {
    let rawCount: Int
    let isCompressed: Bool
    let checksum: UInt32

    init(_ row: Row) {
        rawCount = row["raw_bytes"]
        isCompressed = row["compressed"]
        let sum: Int64 = row["checksum"]
        checksum = UInt32(truncatingIfNeeded: sum)
    }

    /// Checks and inflates what was read.
    func opened(_ bytes: [UInt8], _ what: String) throws -> [UInt8] {
        let bytes = try checked(bytes, Int64(checksum), what)
        guard isCompressed else { return bytes }
        return try bytes.withUnsafeBytes { try inflate($0, exactly: rawCount) }
    }
}

/// A blob ready to be stored: compressed if that pays, with its checksum.
struct SealedBytes: Sendable {
    let bytes: [UInt8]
    let rawCount: Int
    let isCompressed: Bool
    let checksum: UInt32

    init(_ raw: [UInt8], level: Int32) throws {
        rawCount = raw.count
        let packed = try deflate(raw, level: level, format: .zlib)
        // Inflating costs each reader; a twentieth saved is not worth it.
        isCompressed = packed.count < raw.count - raw.count / 20
        bytes = isCompressed ? packed : raw
        checksum = crc(of: bytes)
    }
}

/// The checksum that is stored beside bytes.
func crc(of bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { crc32(of: $0) } }

func checked(_ bytes: [UInt8], _ expected: Int64, _ what: String) throws -> [UInt8] {
    let found = crc(of: bytes)
    guard Int64(found) == expected else {
        throw DamagedBytes("\(what): checksum \(found), stored \(expected)")
    }
    return bytes
}

extension ColumnOrigin {
    var name: String {
        switch self {
        case .field: "field"
        case .attribute: "attribute"
        case .derived: "derived"
        }
    }

    init?(name: String) {
        switch name {
        case "field": self = .field
        case "attribute": self = .attribute
        case "derived": self = .derived
        default: return nil
        }
    }
}
