internal import Foundation
internal import GRDB
internal import Migrations
internal import Synchronization

/// A partition's SQLite file, open while it is used and a little longer.
///
/// A year of data is hundreds of files, and each open one takes several descriptors and some memory. What is
/// closed has no log beside it, so that copying the one file is enough.
final class PartitionFile: Sendable {
    /// A file that is only read has one connection. Opening a pool writes to the file and syncs, so that is left
    /// until something is written: starting with a year of files would take seconds.
    private struct State {
        var reader: DatabaseQueue?
        var pool: DatabasePool?
        var users = 0
        var isAbandoned = false
        var lastUse = ContinuousClock.now

        var isOpen: Bool { reader != nil || pool != nil }

        mutating func takeAll() -> (reader: DatabaseQueue?, pool: DatabasePool?) {
            defer { (reader, pool) = (nil, nil) }
            return (reader, pool)
        }
    }

    let path: String
    private let openFiles: OpenFiles
    private let state: Mutex<State>
    /// All reads are one transaction.
    let isSnapshot: Bool

    /// Larger pages need fewer of them for a blob; 4 to 16 KiB measured alike (docs/PERFORMANCE.md).
    private static let pageBytes = 8192

    /// Opens a file, made if missing, and brings its schema up to date.
    ///
    /// - Parameter isUsed: whether spans were committed to it, so that it cannot be one that has no tables yet.
    init(path: String, isUsed: Bool, among openFiles: OpenFiles) throws {
        self.path = path
        self.openFiles = openFiles
        state = Mutex(State())
        isSnapshot = false
        if !FileManager.default.fileExists(atPath: path) { try Self.create(path) }
        try Self.checkKind(path)
        let migrator = Self.migrator
        let (isCurrent, isNewer, isEmpty) = try read { db in
            (
                try migrator.hasCompletedMigrations(db), try migrator.hasBeenSuperseded(db),
                try migrator.appliedIdentifiers(db).isEmpty
            )
        }
        if isEmpty, isUsed { throw DamagedBytes("it has no tables") }
        if isNewer { throw StoreError.cannotOpen("a newer version has written it") }
        if !isCurrent { try use(Self.pool) { try migrator.migrate($0) } }
    }

    /// Opens a file to read it as it is now, without changing anything: all reads are one transaction.
    ///
    /// - Throws: `CannotCheck` if it has another schema than this version writes.
    init(reading path: String) throws {
        self.path = path
        openFiles = OpenFiles { _ in }
        state = Mutex(State())
        isSnapshot = true
        try Self.checkKind(path)
        var configuration = Configuration()
        configuration.readonly = true
        configuration.allowsUnsafeTransactions = true
        configuration.busyMode = .timeout(10)
        let reader = try DatabaseQueue(path: path, configuration: configuration)
        let migrator = Self.migrator
        let (isCurrent, isNewer, isEmpty) = try reader.unsafeRead { db in
            try db.execute(sql: "BEGIN")
            return (
                try migrator.hasCompletedMigrations(db), try migrator.hasBeenSuperseded(db),
                try migrator.appliedIdentifiers(db).isEmpty
            )
        }
        if isEmpty { throw DamagedBytes("it has no tables") }
        if isNewer { throw CannotCheck(description: "a newer version has written \(path)") }
        if !isCurrent {
            throw CannotCheck(
                description: "an older version has written \(path); start the server once")
        }
        state.withLock { $0.reader = reader }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for script in Migrations.partition {
            // Not checked over the whole file: a row of something that is not there is for `check` to find, no reason to leave out a day.
            migrator.registerMigration(script.name, foreignKeyChecks: .immediate) {
                try $0.execute(sql: script.sql)
            }
        }
        return migrator
    }

    /// SQLite takes an empty file for a database without tables, and a directory for one that it cannot open now.
    static func checkKind(_ path: String) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw DamagedBytes("\(path) is no file")
        }
        guard attributes[.size] as? NSNumber != 0 else { throw DamagedBytes("\(path) is empty") }
    }

    /// Makes the file under another name: it has its own once it is whole.
    private static func create(_ path: String) throws {
        let new = path + ".new"
        for suffix in ["", "-journal"] { unlink(new + suffix) }
        try fill(new)
        guard rename(new, path) == 0 else {
            throw StoreError.cannotOpen("cannot make \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// Page size and vacuum mode can be chosen only while the file is empty and not yet in WAL mode.
    private static func fill(_ path: String) throws {
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = \(pageBytes)")
            try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
        try queue.close()
    }

    private static func configuration(_ path: String) throws -> Configuration {
        // SQLite would make an empty file in the place of one that was moved away.
        guard FileManager.default.fileExists(atPath: path) else { throw Damage.Gone(path: path) }
        var configuration = Configuration()
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            // FULL: a commit is synced before it is acknowledged.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA foreign_keys = ON")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
        }
        return configuration
    }

    // MARK: Using

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try use(Self.reader) { try isSnapshot ? $0.unsafeRead(body) : $0.read(body) }
    }

    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try use(Self.pool) { try $0.write(body) }
    }

    func writeWithoutTransaction<T>(_ body: (Database) throws -> T) throws -> T {
        try use(Self.pool) { try $0.writeWithoutTransaction(body) }
    }

    /// What reads: the pool if there is one.
    private static func reader(_ state: inout State, _ path: String) throws -> any DatabaseWriter {
        if let pool = state.pool { return pool }
        let reader =
            try state.reader ?? DatabaseQueue(path: path, configuration: configuration(path))
        state.reader = reader
        return reader
    }

    private static func pool(_ state: inout State, _ path: String) throws -> any DatabaseWriter {
        let pool = try state.pool ?? DatabasePool(path: path, configuration: configuration(path))
        state.pool = pool
        return pool
    }

    private typealias Opening = (inout State, _ path: String) throws -> any DatabaseWriter

    private func use<T>(
        _ opening: Opening, _ body: (any DatabaseWriter) throws -> T
    ) throws -> T {
        let (database, isNew) = try take(opening)
        defer {
            state.withLock { state in
                state.users -= 1
                state.lastUse = .now
            }
        }
        if isNew { openFiles.opened(self) }
        return try body(database)
    }

    private func take(
        _ opening: Opening
    ) throws -> (database: any DatabaseWriter, isNew: Bool) {
        try state.withLock { state in
            if state.isAbandoned { throw Damage.Gone(path: path) }
            let isNew = !state.isOpen
            let database = try opening(&state, path)
            state.users += 1
            return (database, isNew)
        }
    }

    /// Keeps the file open for as long as this object lives: it is about to be unlinked, and queries that
    /// began before may still read it.
    func pin() throws { _ = try take(Self.reader) }

    /// Lets nobody use the file any more.
    func abandon() { state.withLock { $0.isAbandoned = true } }

    // MARK: Closing

    /// When it was last used; nil if it is closed, or in use.
    var idleSince: ContinuousClock.Instant? {
        state.withLock { $0.isOpen && $0.users == 0 ? $0.lastUse : nil }
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Closes the file unless it is in use; the next use opens it again. Its log is empty then, unless somebody
    /// else reads the file.
    func closeUnlessUsed() throws {
        let (reader, pool) = state.withLock { $0.users == 0 ? $0.takeAll() : (nil, nil) }
        try reader?.close()
        if let pool { try Self.close(pool) }
    }

    /// Moves the log's content to the main file first: connections that only read are closed last, and would leave it; and
    /// if somebody has removed the log, what it holds is gone with the connection that writes.
    private static func close(_ pool: DatabasePool) throws {
        do {
            try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch {
            // Busy with a reader, say: the log stays, and is as good.
        }
        try pool.close()
    }

    /// Removes the empty log of a closed file: SQLite does so when the last connection is closed, if that one may write.
    static func removeLog(_ path: String) throws {
        let queue = try DatabaseQueue(path: path, configuration: configuration(path))
        try queue.read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM segment") }
        try queue.close()
    }

    /// Closes the file whoever uses it.
    func close() throws {
        let (reader, pool) = state.withLock { $0.takeAll() }
        try reader?.close()
        if let pool { try Self.close(pool) }
    }
}
