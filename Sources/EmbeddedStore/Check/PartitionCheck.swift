internal import Foundation
internal import GRDB
internal import Spans
internal import Store
internal import Zlib

/// Verifies one partition: the file, what its tables say of each other, and each segment.
struct PartitionCheck {
    private let name: String
    private let directory: String
    private let report: (CheckProblem) -> Void
    private(set) var segments = 0
    private(set) var spans = 0
    private(set) var notes: [String] = []

    init(name: String, directory: String, _ report: @escaping (CheckProblem) -> Void) {
        self.name = name
        self.directory = directory
        self.report = report
    }

    mutating func run(_ traces: inout SharedTraceCheck) throws {
        let partition = try Partition(reading: name, in: directory)
        defer { try? partition.close() }
        try partition.reading { try checkFile($0, partition.committedMark) }
        let (sound, damaged) = try partition.segments()
        for (id, reason) in damaged { add(id, "a sound record", reason) }
        let shared = (try? partition.sharedTraces()) ?? [:]
        let filter = try storedFilter(partition)
        // What it keeps is used again within one segment only.
        let warm = WarmColumns(bytesMax: 32 << 20)
        var duplicates = DuplicateCheck()
        for record in sound {
            segments += 1
            spans += record.spans - (record.deletions?.count ?? 0)
            do {
                let segment = try CheckedSegment(Segment(record, partition, warm))
                for check in segmentChecks {
                    try check.run(segment) { add(record.id, $0, $1, column: $2) }
                }
                let identities = try segment.identities()
                duplicates.add(segment, identities)
                let hashes = TraceHasher(identities).all
                traces.add(name, segment, hashes, marks: shared[record.id] ?? [])
                if let filter, filter.covers(segment.segment) {
                    checkFilter(filter, record, hashes)
                }
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                add(record.id, "a readable segment", reason)
            }
        }
        duplicates.finish { add($0, "each span once", $1) }
    }

    private func add(
        _ segment: Int64?, _ expected: String, _ found: String, column: String? = nil
    ) {
        report(
            CheckProblem(
                partition: name, segment: segment, column: column, expected: expected,
                found: found))
    }

    private mutating func checkFile(_ db: Database, _ mark: Int64?) throws {
        for line in try String.fetchAll(db, sql: "PRAGMA quick_check") where line != "ok" {
            add(nil, "an intact file", line)
        }
        let last = try Partition.lastSegment(db)
        if let mark, mark > last {
            add(nil, "segments up to \(mark)", "\(last): the commits after it are missing")
        }
        for row in try Row.fetchAll(db, sql: "SELECT segment, reason FROM set_aside") {
            add(
                try row.decode(forColumn: "segment"), "no segment set aside",
                try row.decode(forColumn: "reason"))
        }
        for fault in try LedgerLines.faults(db) { add(nil, fault.expected, fault.found) }
        try checkHeads(db)
        try checkOrphans(db)
        try checkLogRecords(db)
        let retired = try Int.fetchOne(db, sql: "SELECT count(*) FROM retired") ?? 0
        if retired > 0 {
            notes.append("\(name): \(retired) segments that were merged wait to be removed")
        }
    }

    private func storedFilter(_ partition: Partition) throws -> PartitionFilter? {
        do {
            return try partition.reading { try Partition.storedFilter($0) }
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            add(nil, "a readable filter of all traces", reason, column: "partition_filter")
            return nil
        }
    }

    /// A trace that it does not know would be counted twice, once its later spans are merged.
    private func checkFilter(
        _ filter: PartitionFilter, _ record: SegmentRecord, _ hashes: [UInt64]
    ) {
        let unknown = hashes.count - filter.traces.places(of: hashes).count
        if unknown > 0 {
            add(
                record.id, "a filter of all traces that knows every trace", "\(unknown) unknown",
                column: "partition_filter")
        }
    }

    /// Nothing but time is lost with heads, but something has changed them, or what they are of.
    private func checkHeads(_ db: Database) throws {
        for kind in [SegmentHeads.Kind.columns, .counts] {
            for segment in try SegmentHeads.segments(kind, db) {
                do {
                    if try SegmentHeads.areAsStored(kind, of: segment, db) { continue }
                    add(segment, "heads as the tables have them", "others", column: kind.name)
                } catch {
                    guard let reason = Damage.reason(error) else { throw error }
                    add(segment, "heads as the tables have them", reason, column: kind.name)
                }
            }
        }
    }

    /// Rows that belong to nothing: their segment or column is missing.
    private func checkOrphans(_ db: Database) throws {
        let places = [
            ("column", "segment", "segment"), ("text_block", "\"column\"", "column"),
            ("deletion", "segment", "segment"), ("shared_trace", "segment", "segment"),
            ("retired", "segment", "segment"), ("set_aside", "segment", "segment"),
        ]
        for (table, pointer, target) in places {
            let ids = try Int64.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT \(pointer) FROM "\(table)"
                    WHERE \(pointer) NOT IN (SELECT id FROM "\(target)")
                    """)
            for id in ids { add(nil, "\(target) \(id) of table \(table)", "none", column: table) }
        }
    }

    private func checkLogRecords(_ db: Database) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, digest, raw_bytes, data FROM log_record")
        while let row = try rows.next() {
            let id = try row.decode(Int64.self, forColumn: "id")
            do {
                let data = try row.decode(Data.self, forColumn: "data")
                let count = try row.decode(Int.self, forColumn: "raw_bytes")
                guard count >= 0, count / StoredBytes.expansionMax <= data.count else {
                    throw DamagedBytes("\(count) bytes of \(data.count)")
                }
                let bytes = try data.withUnsafeBytes { try inflate($0, exactly: count) }
                let digest = bytes.withUnsafeBytes { hashBytes($0, seed: 0) }
                guard Int64(bitPattern: digest) == (try row.decode(forColumn: "digest")) else {
                    throw DamagedBytes("another digest than stored")
                }
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                add(nil, "a readable log record", "\(id): \(reason)", column: "log_record")
            }
        }
    }
}

/// Verifies the catalog.
enum CatalogCheck {
    static func run(_ path: String, _ report: (CheckProblem) -> Void) throws {
        let file = path + "/catalog.sqlite"
        guard FileManager.default.fileExists(atPath: file) else { return }
        func add(_ found: String, expected: String = "an intact file") {
            report(CheckProblem(partition: "catalog", expected: expected, found: found))
        }
        do {
            try PartitionFile.checkKind(file)
            var configuration = Configuration()
            configuration.readonly = true
            let database = try DatabaseQueue(path: file, configuration: configuration)
            defer { try? database.close() }
            try database.read { db in
                for line in try String.fetchAll(db, sql: "PRAGMA integrity_check")
                where line != "ok" {
                    add(line)
                }
                _ = (try LedgerCounts(db), try Int.fetchOne(db, sql: "SELECT count(*) FROM score"))
                // A version before these tables may have written the file.
                let hasFindings = try db.tableExists("finding")
                let query = FindingsQuery(hasHistory: true)
                for id in hasFindings ? try Catalog.findings(query, db).unreadable : [] {
                    add("finding \(id)", expected: "findings that can be read")
                }
                let hasLines = try db.tableExists("ledger_line")
                for fault in hasLines ? try LedgerLines.faults(db) : [] {
                    add(fault.found, expected: fault.expected)
                }
            }
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            add(reason)
        }
    }
}
