internal import Foundation
internal import GRDB
internal import Spans

/// The filter over the traces of many segments, as it is stored.
extension Partition {
    /// Takes up the stored filter.
    ///
    /// A damaged one is removed, so that it is made anew; if that cannot be done, the next start tries again.
    ///
    /// - Parameter records: the segments that are there. Those that are not the same as when it was made it does not know.
    func loadFilter(_ records: [SegmentRecord]) {
        do {
            let filter = try file.read { try Self.storedFilter($0) }
            setFilter(filter?.known(records))
        } catch {
            try? file.write { try $0.execute(sql: "DELETE FROM partition_filter") }
        }
    }

    /// Stores a filter and lets commits ask it.
    func save(_ filter: PartitionFilter) throws {
        let segments = filter.storedSegments
        let data = filter.traces.bytes
        try file.write { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO partition_filter (id, segments, checksum, data)
                    VALUES (1, ?, ?, ?)
                    """,
                arguments: [
                    segments, Int64(Self.filterChecksum(segments, data)), Data(data),
                ])
        }
        setFilter(filter)
    }

    /// What is stored, whatever has become of its segments; nil if nothing is.
    ///
    /// - Throws: `DamagedBytes`, or what SQLite says.
    static func storedFilter(_ db: Database) throws -> PartitionFilter? {
        let row = try Row.fetchOne(db, sql: "SELECT segments, checksum, data FROM partition_filter")
        guard let row else { return nil }
        let segments = try row.decode(String.self, forColumn: "segments")
        let data = [UInt8](try row.decode(Data.self, forColumn: "data"))
        guard
            Int64(filterChecksum(segments, data)) == (try row.decode(forColumn: "checksum")),
            let pairs = try? JSONDecoder().decode([[Int64]].self, from: Data(segments.utf8)),
            pairs.allSatisfy({ $0.count == 2 })
        else { throw DamagedBytes("the filter of all traces has another checksum than stored") }
        return PartitionFilter(
            traces: try data.withUnsafeBytes { try TraceFilter(bytes: $0) },
            segments: Dictionary(
                pairs.map { ($0[0], UInt32(truncatingIfNeeded: $0[1])) },
                uniquingKeysWith: { $1 }))
    }

    private static func filterChecksum(_ segments: String, _ data: [UInt8]) -> UInt32 {
        crc(of: Array(segments.utf8) + data)
    }
}

extension PartitionFilter {
    fileprivate var storedSegments: String {
        "["
            + segments.sorted { $0.key < $1.key }.map { "[\($0.key),\($0.value)]" }
            .joined(separator: ",") + "]"
    }

    /// The same for those of its segments that are as they were.
    ///
    /// Numbers alone would do as long as none is given twice, which SQLite's own table of them decides; were that damaged, a
    /// trace that the filter does not know would be counted twice.
    func known(_ records: [SegmentRecord]) -> PartitionFilter {
        var known: [Int64: UInt32] = [:]
        for record in records {
            guard let checksum = segments[record.id], let own = record.filter,
                crc(of: own.bytes) == checksum
            else { continue }
            known[record.id] = checksum
        }
        return PartitionFilter(traces: traces, segments: known)
    }
}
