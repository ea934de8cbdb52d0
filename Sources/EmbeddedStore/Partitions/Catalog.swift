internal import GRDB
internal import Migrations
internal import Spans

/// What belongs to no partition: the ledger of what never reached one, and settings.
final class Catalog: Sendable {
    let database: DatabaseQueue

    init(directory: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL")
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(
            path: directory + "/catalog.sqlite", configuration: configuration)
        var migrator = DatabaseMigrator()
        for script in Migrations.catalog {
            migrator.registerMigration(script.name) { try $0.execute(sql: script.sql) }
        }
        try migrator.migrate(database)
    }

    func close() throws { try database.close() }

    func add(_ ledger: LedgerCounts) throws { try database.write { try ledger.save($0) } }

    func ledger() throws -> LedgerCounts { try database.read { try LedgerCounts($0) } }
}
