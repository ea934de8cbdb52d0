internal import Foundation
internal import GRDB
internal import Spans
internal import Zlib

/// The filter over the traces of many segments, as it is stored.
extension Partition {
    /// Takes up the stored filter. A damaged one is removed, so that it is made anew.
    func loadFilter() {
        do {
            setFilter(try file.read { try Self.storedFilter($0) })
        } catch {
            // Else it may be read at the next start.
            guard Damage.reason(error) != nil else { return }
            try? file.write { db in
                guard try Self.canReplaceFilter(db) else { return }
                try db.execute(sql: "DELETE FROM partition_filter")
            }
        }
    }

    /// Lets commits ask a filter, and stores it for the next start.
    func save(_ filter: PartitionFilter) throws {
        setFilter(filter)
        let segments = filter.storedSegments
        // Commits of the day wait while it is written, not while it is made ready.
        let data = Data(filter.traces.bytes)
        let checksum = Int64(Self.filterChecksum(segments, data))
        try file.write { db in
            guard try Self.canReplaceFilter(db) else { return }
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO partition_filter (id, segments, checksum, data)
                    VALUES (1, ?, ?, ?)
                    """, arguments: [segments, checksum, data])
        }
    }

    /// Whether the pages of what is stored are its own: to free others', which a damaged page may name, would lose what they
    /// hold.
    private static func canReplaceFilter(_ db: Database) throws -> Bool {
        try String.fetchAll(db, sql: "PRAGMA quick_check('partition_filter')") == ["ok"]
    }

    /// What is stored, whatever has become of its segments; nil if nothing is.
    ///
    /// - Throws: `DamagedBytes`, or what SQLite says.
    static func storedFilter(_ db: Database) throws -> PartitionFilter? {
        let row = try Row.fetchOne(db, sql: "SELECT segments, checksum, data FROM partition_filter")
        guard let row else { return nil }
        let segments = try row.decode(String.self, forColumn: "segments")
        let data = try row.decode(Data.self, forColumn: "data")
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

    /// Of both: that of the data says which data the segments are of.
    private static func filterChecksum(_ segments: String, _ data: Data) -> UInt32 {
        let ofData = data.withUnsafeBytes { crc32(of: $0) }
        var bytes = Array(segments.utf8)
        bytes.appendLittleEndian(UInt64(ofData))
        return crc(of: bytes)
    }
}

extension PartitionFilter {
    fileprivate var storedSegments: String {
        "["
            + segments.sorted { $0.key < $1.key }.map { "[\($0.key),\($0.value)]" }
            .joined(separator: ",") + "]"
    }
}
