internal import Foundation
internal import GRDB
internal import Migrations
internal import Synchronization

/// A partition's SQLite file, open while it is used and a little longer.
///
/// A year of data is hundreds of files, and each open one takes several descriptors and some memory. What is
/// closed has no log beside it, so that copying the one file is enough.
final class PartitionFile: Sendable {
    private struct State {
        var pool: DatabasePool?
        var users = 0
        var lastUse = ContinuousClock.now
    }

    let path: String
    private let openFiles: OpenFiles
    private let state: Mutex<State>

    /// Larger pages need fewer of them for a blob; 4 to 16 KiB measured alike (docs/PERFORMANCE.md).
    private static let pageBytes = 8192

    /// Opens a file, made if missing, and brings its schema up to date.
    init(path: String, among openFiles: OpenFiles) throws {
        self.path = path
        self.openFiles = openFiles
        if !FileManager.default.fileExists(atPath: path) { try Self.create(path) }
        let pool = try Self.opened(path)
        var migrator = DatabaseMigrator()
        for script in Migrations.partition {
            migrator.registerMigration(script.name) { try $0.execute(sql: script.sql) }
        }
        try migrator.migrate(pool)
        state = Mutex(State(pool: pool))
        openFiles.opened(self)
    }

    /// Page size and vacuum mode can be chosen only while the file is empty and not yet in WAL mode.
    private static func create(_ path: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = \(pageBytes)")
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
        try queue.close()
    }

    private static func opened(_ path: String) throws -> DatabasePool {
        // SQLite would make an empty file in the place of one that was moved away.
        guard FileManager.default.fileExists(atPath: path) else {
            throw StoreError.cannotOpen("\(path) is gone")
        }
        var configuration = Configuration()
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            // FULL: a commit is synced before it is acknowledged.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA foreign_keys = ON")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
        }
        return try DatabasePool(path: path, configuration: configuration)
    }

    // MARK: Using

    func read<T>(_ body: (Database) throws -> T) throws -> T { try use { try $0.read(body) } }

    func write<T>(_ body: (Database) throws -> T) throws -> T { try use { try $0.write(body) } }

    func writeWithoutTransaction<T>(_ body: (Database) throws -> T) throws -> T {
        try use { try $0.writeWithoutTransaction(body) }
    }

    private func use<T>(_ body: (DatabasePool) throws -> T) throws -> T {
        let (pool, isNew) = try take()
        defer {
            state.withLock { state in
                state.users -= 1
                state.lastUse = .now
            }
        }
        if isNew { openFiles.opened(self) }
        return try body(pool)
    }

    private func take() throws -> (pool: DatabasePool, isNew: Bool) {
        try state.withLock { state in
            let isNew = state.pool == nil
            let pool = try state.pool ?? Self.opened(path)
            state.pool = pool
            state.users += 1
            return (pool, isNew)
        }
    }

    /// Keeps the file open for as long as this object lives: it is about to be unlinked, and queries that
    /// began before may still read it.
    func pin() throws { _ = try take() }

    // MARK: Closing

    /// When it was last used; nil if it is closed, or in use.
    var idleSince: ContinuousClock.Instant? {
        state.withLock { $0.pool == nil || $0.users > 0 ? nil : $0.lastUse }
    }

    var isOpen: Bool { state.withLock { $0.pool != nil } }

    /// Closes the file unless it is in use; the next use opens it again. Its log is empty then, unless somebody
    /// else reads the file.
    func closeUnlessUsed() throws {
        let pool = state.withLock { state -> DatabasePool? in
            guard state.users == 0 else { return nil }
            defer { state.pool = nil }
            return state.pool
        }
        guard let pool else { return }
        do {
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch DatabaseError.SQLITE_BUSY, DatabaseError.SQLITE_LOCKED {
            // The log stays, and is as good.
        }
        try pool.close()
    }

    /// Closes the file whoever uses it.
    func close() throws {
        let pool = state.withLock { state in
            defer { state.pool = nil }
            return state.pool
        }
        try pool?.close()
    }
}
