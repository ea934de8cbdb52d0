internal import Foundation
internal import Spans

/// Makes a data directory that no server uses as small as it gets: everything that waits is merged, segments with many
/// deleted rows are written anew, and free pages go back to the file system.
///
/// It does what a server's upkeep does, by the same transactions, so it can be killed at any time.
package enum Compaction {
    package struct Result: Sendable {
        /// Bytes of all files.
        package var before = 0
        package var after = 0
        /// Of segments.
        package var segmentsBefore = 0
        package var segmentsAfter = 0
    }

    /// Writing all of a segment again for less would give back less than it costs.
    private static let liveShareMin = 0.95

    /// - Parameters:
    ///   - log: is told in one line what an operator should know.
    ///   - progress: partitions that are done, and all.
    /// - Throws: `StoreError` if a server uses the directory, or it cannot be read.
    package static func run(
        directory path: String, log: @escaping @Sendable (String) -> Void,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> Result {
        guard FileManager.default.fileExists(atPath: path + "/partitions") else {
            throw StoreError.cannotOpen("\(path) is no data directory")
        }
        var result = Result()
        result.before = FileSize.ofData(path)
        let directory = try PartitionDirectory(path: path, log: log)
        do {
            let engine = try Engine(directory, warmBytesMax: 32 << 20, now: Timestamp.now)
            result.segmentsBefore = engine.snapshot.views.count
            var policy = MergePolicy()
            policy.liveShareMin = liveShareMin
            let upkeep = Upkeep(engine, policy, Retention())
            while try upkeep.step(ignoringIdle: true) {}
            let partitions = engine.partitions
            for (done, partition) in partitions.enumerated() {
                progress(done, partitions.count)
                try partition.shrink()
            }
            progress(partitions.count, partitions.count)
            try directory.catalog.vacuum()
            for partition in partitions { try partition.closeForGood() }
            result.segmentsAfter = engine.snapshot.views.count
        } catch {
            try? directory.close()
            throw error
        }
        try directory.close()
        result.after = FileSize.ofData(path)
        return result
    }
}
