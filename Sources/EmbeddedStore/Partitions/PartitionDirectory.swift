internal import Foundation
internal import Spans
internal import Synchronization

/// The data directory: its lock, the catalog and the partitions' files.
final class PartitionDirectory: Sendable {
    let path: String
    let catalog: Catalog
    let openFiles: OpenFiles
    private let lock: DirectoryLock
    private let partitions = Mutex<[String: Partition]>([:])
    /// Files that could neither be opened nor set aside.
    private let leftOut = Mutex<Set<String>>([])
    /// What was set aside, of this run and earlier ones, as long as it lies here.
    private let asideCounts: Mutex<LedgerCounts>
    private let log: @Sendable (String) -> Void

    private var partitionsPath: String { path + "/partitions" }

    init(path: String, log: @escaping @Sendable (String) -> Void) throws {
        self.path = path
        self.log = log
        openFiles = OpenFiles(log: log)
        try FileManager.default.createDirectory(
            atPath: path + "/partitions", withIntermediateDirectories: true)
        lock = try DirectoryLock(directory: path)
        catalog = try Self.openCatalog(path, log)
        asideCounts = Mutex(LedgerCounts())
        countAside()
    }

    /// A catalog that is damaged is set aside, and an empty one takes its place: spans are worth more than scores.
    private static func openCatalog(
        _ path: String, _ log: (String) -> Void
    ) throws -> Catalog {
        do {
            return try Catalog(directory: path)
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            let aside = try AsideFile.move(path + "/catalog.sqlite")
            log("the catalog is damaged and set aside as \(aside), scores with it: \(reason)")
            return try Catalog(directory: path)
        }
    }

    func report(_ message: String) { log(message) }

    /// Opens all partitions that are there, oldest first. One that is damaged is set aside, one that cannot be opened for
    /// another reason is left out; both loudly.
    func openAll() throws -> [Partition] {
        let names = try FileManager.default.contentsOfDirectory(atPath: partitionsPath)
            .filter { $0.hasSuffix(".sqlite") }.map { String($0.dropLast(7)) }.sorted()
        var opened: [Partition] = []
        for name in names {
            do {
                opened.append(try open(name))
            } catch {
                if let reason = Damage.reason(error) {
                    setAside(name, reason)
                } else {
                    leftOut.withLock { _ = $0.insert(name) }
                    log("partition \(name) cannot be opened and is left out: \(error)")
                }
            }
        }
        return opened
    }

    func partition(day: Int) throws -> Partition {
        let name = Day.name(day)
        do {
            return try open(name)
        } catch {
            guard let reason = Damage.reason(error) else { throw error }
            setAside(name, reason)
            return try open(name)
        }
    }

    var all: [Partition] {
        partitions.withLock { Array($0.values) }.sorted { $0.name < $1.name }
    }

    /// What the catalog and all partitions take, logs included. What was set aside is the operator's.
    var byteCount: Int {
        let catalog =
            FileSize.of(path + "/catalog.sqlite") + FileSize.of(path + "/catalog.sqlite-wal")
        return all.reduce(catalog) { $0 + $1.byteCount() }
    }

    private func open(_ name: String) throws -> Partition {
        let (partition, isNew) = try opened(name)
        // From its first span on it is here, so that its marks lack none. If that cannot be written down, the next start looks
        // at all of its traces.
        if isNew { try? catalog.setKnownPartition(name, partition.fileIdentity) }
        return partition
    }

    /// Others wait while a file is opened: two partitions of one name must not be.
    private func opened(_ name: String) throws -> (Partition, isNew: Bool) {
        try partitions.withLock { partitions in
            if let partition = partitions[name] { return (partition, false) }
            let isNew = !FileManager.default.fileExists(
                atPath: partitionsPath + "/" + name + ".sqlite")
            let partition = try Partition(
                name: name, directory: partitionsPath, among: openFiles)
            partitions[name] = partition
            leftOut.withLock { _ = $0.remove(name) }
            return (partition, isNew)
        }
    }

    /// Lets the next start look at all traces of a partition: marks of shared traces may be missing there.
    func distrust(_ name: String) {
        do {
            try catalog.forgetKnownPartition(name)
        } catch {
            log("cannot note that marks of shared traces are missing in \(name): \(error)")
        }
    }

    /// Removes a partition and its file. Queries that began before go on reading it.
    func remove(_ partition: Partition) throws {
        partitions.withLock { $0[partition.name] = nil }
        try partition.unlink()
    }

    // MARK: Damage

    /// How much is damaged and therefore missing from answers: segments, files and catalogs that are set aside.
    var damage: LedgerCounts {
        var counts = asideCounts.withLock { $0 }
        counts.count(.damagedPartition, leftOut.withLock { $0.count })
        counts.count(.damagedSegment, all.reduce(0) { $0 + $1.damagedSegments })
        return counts
    }

    /// Sets a damaged partition's file aside, so that spans of its day can be kept in a new one.
    ///
    /// - Returns: false if it is not here any more.
    func setAside(_ partition: Partition, _ reason: String) -> Bool {
        let isHere = partitions.withLock { partitions in
            guard partitions[partition.name] === partition else { return false }
            partitions[partition.name] = nil
            return true
        }
        guard isHere else { return false }
        partition.abandon()
        setAside(partition.name, reason)
        return true
    }

    private func setAside(_ name: String, _ reason: String) {
        // If it comes back, it has missed something.
        distrust(name)
        do {
            let aside = try AsideFile.move(partitionsPath + "/" + name + ".sqlite")
            log("partition \(name) is damaged and set aside as \(aside): \(reason)")
        } catch {
            leftOut.withLock { _ = $0.insert(name) }
            log("partition \(name) is damaged and left out: \(reason); \(error)")
        }
        countAside()
    }

    private func countAside() {
        var counts = LedgerCounts()
        counts.count(.damagedPartition, AsideFile.count(in: partitionsPath))
        counts.count(.damagedCatalog, AsideFile.count(in: path))
        asideCounts.withLock { $0 = counts }
    }

    func close() throws {
        for partition in all { try partition.close() }
        try catalog.close()
        lock.release()
    }
}
