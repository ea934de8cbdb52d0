internal import Foundation
internal import GRDB
internal import Migrations
internal import Spans
internal import Store

/// What belongs to no partition: the ledger of what never reached one, and settings.
final class Catalog: Sendable {
    let database: DatabaseQueue

    /// More is not read through at each start: it would take longer than everything else.
    private static let checkedBytesMax = 64 << 20
    /// Of a larger file.
    private static let checkedTables = ["ledger", "ledger_line", "ledger_commit", "setting"]

    /// - Throws: what `Damage` knows, if the file is damaged.
    init(directory: String) throws {
        let path = directory + "/catalog.sqlite"
        if FileManager.default.fileExists(atPath: path) { try PartitionFile.checkKind(path) }
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(
            path: path, configuration: configuration)
        var migrator = DatabaseMigrator()
        for script in Migrations.catalog {
            migrator.registerMigration(script.name, foreignKeyChecks: .immediate) {
                try $0.execute(sql: script.sql)
            }
        }
        try migrator.migrate(database)
        try database.read { db in
            let isSmall = FileSize.of(path) <= Self.checkedBytesMax
            for table in isSmall ? [""] : Self.checkedTables {
                let check = table.isEmpty ? "quick_check" : "quick_check(\(table))"
                let found = try String.fetchAll(db, sql: "PRAGMA \(check)")
                if found != ["ok"] { throw DamagedBytes(found.first ?? "nothing said of it") }
            }
        }
        // Whatever a start reads must be readable.
        _ = (try ledger(), try scoreCounts())
    }

    /// By name the identity of each partition's file that was here whenever traces were marked as shared: its marks are complete.
    func knownPartitions() throws -> [String: String] {
        try database.read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT name, value FROM setting WHERE name LIKE 'partition %'")
            var known: [String: String] = [:]
            for row in rows {
                let name = try row.decode(String.self, forColumn: "name")
                known[String(name.dropFirst("partition ".count))] =
                    try row.decode(forColumn: "value")
            }
            return known
        }
    }

    func setKnownPartitions(_ known: [String: String]) throws {
        try database.write { db in
            try db.execute(sql: "DELETE FROM setting WHERE name LIKE 'partition %'")
            for (name, identity) in known { try Self.setKnown(name, identity, db) }
        }
    }

    /// Adds one that has just been made.
    func setKnownPartition(_ name: String, _ identity: String) throws {
        try database.write { try Self.setKnown(name, identity, $0) }
    }

    func forgetKnownPartition(_ name: String) throws {
        try database.write { db in
            try db.execute(
                sql: "DELETE FROM setting WHERE name = ?", arguments: ["partition " + name])
        }
    }

    private static func setKnown(_ name: String, _ identity: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
            arguments: ["partition " + name, identity])
    }

    func close() throws { try database.close() }

    /// Gives free pages back to the file system.
    func vacuum() throws { try database.vacuum() }

    /// - Parameter received: Unix nanoseconds.
    func add(_ ledger: Ledger, at received: UInt64) throws {
        try database.write { try ledger.save($0, at: received) }
    }

    func ledger() throws -> LedgerCounts { try database.read { try LedgerCounts($0) } }

    func ledgerEntries() throws -> [LedgerEntry] {
        try database.read { try LedgerLines.entries($0) }
    }
}
