internal import Foundation
internal import Synchronization

/// The data directory: its lock, the catalog and the partitions' files.
final class PartitionDirectory: Sendable {
    let path: String
    let catalog: Catalog
    let openFiles: OpenFiles
    private let lock: DirectoryLock
    private let partitions = Mutex<[String: Partition]>([:])
    private let log: @Sendable (String) -> Void

    private var partitionsPath: String { path + "/partitions" }

    init(path: String, log: @escaping @Sendable (String) -> Void) throws {
        self.path = path
        self.log = log
        openFiles = OpenFiles(log: log)
        try FileManager.default.createDirectory(
            atPath: path + "/partitions", withIntermediateDirectories: true)
        lock = try DirectoryLock(directory: path)
        catalog = try Catalog(directory: path)
    }

    func report(_ message: String) { log(message) }

    /// Opens all partitions that are there, oldest first. One that cannot be opened is left out, loudly.
    func openAll() throws -> (opened: [Partition], damaged: Int) {
        let names = try FileManager.default.contentsOfDirectory(atPath: partitionsPath)
            .filter { $0.hasSuffix(".sqlite") }.map { String($0.dropLast(7)) }.sorted()
        var opened: [Partition] = []
        for name in names {
            do {
                opened.append(try open(name))
            } catch {
                log("partition \(name) cannot be opened and is left out: \(error)")
            }
        }
        return (opened, names.count - opened.count)
    }

    func partition(day: Int) throws -> Partition { try open(Day.name(day)) }

    var all: [Partition] {
        partitions.withLock { Array($0.values) }.sorted { $0.name < $1.name }
    }

    /// Held while a file is opened: two partitions of one name must not be.
    private func open(_ name: String) throws -> Partition {
        try partitions.withLock { partitions in
            if let partition = partitions[name] { return partition }
            let partition = try Partition(
                name: name, directory: partitionsPath, among: openFiles)
            partitions[name] = partition
            return partition
        }
    }

    /// Removes a partition and its file. Queries that began before go on reading it.
    func remove(_ partition: Partition) throws {
        partitions.withLock { $0[partition.name] = nil }
        try partition.unlink()
    }

    func close() throws {
        for partition in all { try partition.close() }
        try catalog.close()
        lock.release()
    }
}
