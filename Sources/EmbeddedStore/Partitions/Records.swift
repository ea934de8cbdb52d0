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
        id = try row.decode(forColumn: "id")
        format = try row.decode(forColumn: "format")
        spans = try row.decode(forColumn: "spans")
        traces = try row.decode(forColumn: "traces")
        startMin = try row.decode(forColumn: "start_min")
        startMax = try row.decode(forColumn: "start_max")
        receivedMin = try row.decode(forColumn: "received_min")
        receivedMax = try row.decode(forColumn: "received_max")
        isOrdered = try row.decode(forColumn: "ordered")
        mapping = try row.decode(forColumn: "mapping")
        rawBytes = try row.decode(forColumn: "raw_bytes")
        let counts = try row.decode(String.self, forColumn: "row_counts")
        rowCounts = (try? JSONDecoder().decode([Int].self, from: Data(counts.utf8))) ?? []
        guard rowCounts.count == Table.allCases.count, rowCounts[0] == spans,
            rowCounts.allSatisfy({ (0...Self.rowsMax).contains($0) })
        else { throw DamagedBytes("row counts \(counts) of \(spans) spans") }
        guard (0...spans).contains(traces), (0...Self.rawBytesMax).contains(rawBytes) else {
            throw DamagedBytes("\(traces) traces and \(rawBytes) bytes of \(spans) spans")
        }
        isPacked = try row.decode(forColumn: "packed")
        if let bytes = try row.decode(Data?.self, forColumn: "trace_filter") {
            filter = try bytes.withUnsafeBytes { try TraceFilter(bytes: $0) }
        }
        if let bytes = try row.decode(Data?.self, forColumn: "deletions") {
            let bitmap = [UInt8](bytes)
            if let sum = try row.decode(Int64?.self, forColumn: "deletions_checksum") {
                guard sum == Self.checksum(ofDeletions: bitmap, segment: id) else {
                    throw DamagedBytes("its deletions have another checksum than stored")
                }
            }
            deletions = RowSet(bytes: bitmap, count: spans)
        }
    }

    /// No table of ours has more rows; a larger number is damage, not a reason to allocate.
    private static let rowsMax = 1 << 28
    private static let rawBytesMax = 1 << 44

    static func checksum(ofDeletions bitmap: [UInt8], segment: Int64) -> Int64 {
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(UInt64(bitPattern: segment))
        return Int64(crc(of: bytes + bitmap))
    }

    var rowCountsJSON: String { "[" + rowCounts.map(String.init).joined(separator: ",") + "]" }
}

/// A column of a large segment, without its bytes.
struct ColumnRecord: Sendable {
    let id: Int64
    let key: ColumnKey
    let bytes: StoredBytes
    /// Of whole numbers.
    let greatest: Int64?

    init(_ row: Row) throws {
        id = try row.decode(forColumn: "id")
        bytes = try StoredBytes(row)
        greatest = Int64.fromDatabaseValue(row["max"])
        let names = try ["tbl", "origin", "type"].map { try row.decode(String.self, forColumn: $0) }
        let table = Table.allCases.first { $0.name == names[0] }
        let origin = ColumnOrigin(name: names[1])
        let type = ValueType.allCases.first { $0.name == names[2] }
        guard let table, let origin, let type else {
            throw DamagedBytes("column \(id) is of an unknown kind")
        }
        key = ColumnKey(table, origin, try row.decode(forColumn: "key"), type)
    }
}

/// How a blob is stored.
struct StoredBytes: Sendable {
    let rawCount: Int
    let isCompressed: Bool
    let checksum: UInt32

    init(_ row: Row) throws {
        rawCount = try row.decode(forColumn: "raw_bytes")
        isCompressed = try row.decode(forColumn: "compressed")
        checksum = UInt32(truncatingIfNeeded: try row.decode(Int64.self, forColumn: "checksum"))
    }

    /// zlib makes a byte of at most so many, so that a wrong length is damage, not a reason to allocate.
    static let expansionMax = 1040

    /// Checks and inflates what was read.
    func opened(_ bytes: [UInt8], _ what: String) throws -> [UInt8] {
        let bytes = try checked(bytes, Int64(checksum), what)
        guard rawCount >= 0,
            isCompressed ? rawCount / Self.expansionMax <= bytes.count : rawCount == bytes.count
        else { throw DamagedBytes("\(what): \(rawCount) bytes of \(bytes.count)") }
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
