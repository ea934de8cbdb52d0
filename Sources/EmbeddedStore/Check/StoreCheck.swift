internal import Foundation
internal import GRDB
internal import Migrations
internal import Spans

/// Something that is not as it must be.
package struct CheckProblem: Error, Sendable, Equatable {
    /// The partition, or `catalog`.
    package var partition: String
    package var segment: Int64?
    /// The column or table, if it is about one.
    package var column: String?
    package var expected: String
    package var found: String
}

/// What a check went through.
package struct CheckSummary: Sendable {
    package var partitions = 0
    package var segments = 0
    package var spans = 0
    package var bytes = 0
    package var problems = 0
    /// What is no damage, but good to know.
    package var notes: [String] = []
}

/// Why a directory cannot be checked.
package struct CannotCheck: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// Verifies all that a data directory holds, and changes nothing.
///
/// It reads each partition in one read transaction, so that a server may go on beside it: what is merged meanwhile is
/// checked as it was. What is checked of each segment is the list `segmentChecks`.
package struct StoreCheck {
    private let path: String
    private let progress: (_ done: Int, _ total: Int) -> Void
    private let report: (CheckProblem) -> Void

    /// - Parameters:
    ///   - progress: bytes of files that are done, and of all.
    ///   - found: is told each problem as it is found.
    package init(
        directory: String, progress: @escaping (_ done: Int, _ total: Int) -> Void,
        found: @escaping (CheckProblem) -> Void
    ) {
        path = directory
        self.progress = progress
        report = found
    }

    /// - Throws: `CannotCheck` if there is no such directory, or a file is of another version.
    package func run() throws -> CheckSummary {
        guard FileManager.default.fileExists(atPath: path + "/partitions") else {
            throw CannotCheck(description: "\(path) is no data directory")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path + "/partitions")
        let traces = OpeningTraces(path)
        defer { traces.remove() }
        let files = names.filter { $0.hasSuffix(".sqlite") }.sorted()
        let total = files.reduce(0) { $0 + FileSize.of(path + "/partitions/" + $1) }
        var summary = CheckSummary()
        var shared = SharedTraceCheck()
        let report = { (problem: CheckProblem) in
            summary.problems += 1
            self.report(problem)
        }
        for file in files {
            let name = String(file.dropLast(".sqlite".count))
            var check = PartitionCheck(name: name, directory: path + "/partitions", report)
            do {
                try check.run(&shared)
            } catch {
                guard let reason = Damage.reason(error) else { throw error }
                report(
                    CheckProblem(
                        partition: name, expected: "a readable file", found: reason))
            }
            summary.partitions += 1
            summary.segments += check.segments
            summary.spans += check.spans
            summary.notes += check.notes
            summary.bytes += FileSize.of(path + "/partitions/" + file)
            progress(summary.bytes, total)
        }
        let copies = try shared.finish(in: path + "/partitions", report)
        if copies > 0 {
            summary.notes.append(
                "\(copies) copies of spans start on other days; upkeep removes them")
        }
        try CatalogCheck.run(path, report)
        for (folder, names) in [(path + "/partitions", names), (path, try entries(path))] {
            for name in names where AsideFile.isAside(name) {
                let problem = CheckProblem(
                    partition: String(name.prefix { $0 != "." }), expected: "no damaged file",
                    found: "\(folder)/\(name) was set aside")
                report(problem)
            }
        }
        return summary
    }

    private func entries(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }
}

/// The empty logs that SQLite makes beside a file that it opens only to read, and leaves there.
private struct OpeningTraces {
    private let path: String
    private let known: Set<String>

    init(_ path: String) {
        self.path = path
        known = Set(Self.logs(path))
    }

    private static func logs(_ path: String) -> [String] {
        [path, path + "/partitions"].flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter { $0.hasSuffix("-wal") || $0.hasSuffix("-shm") }.map { folder + "/" + $0 }
        }
    }

    /// A server uses the same files, so nothing is removed while there is one.
    func remove() {
        let lock = open(path + "/lock", O_RDONLY | O_CLOEXEC)
        guard lock >= 0 else { return }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { return }
        for file in Self.logs(path) where !known.contains(file) {
            let log = file.dropLast("-wal".count) + "-wal"
            if FileSize.of(String(log)) == 0 { unlink(file) }
        }
    }
}

/// Sizes of files, without the cost of asking for everything else about them.
enum FileSize {
    /// In bytes; 0 if there is no such file.
    static func of(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// What all files of a data directory take, whatever they are.
    static func ofData(_ path: String) -> Int {
        [path, path + "/partitions"].reduce(0) { sum, folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return names.reduce(sum) { $0 + ($1 == "partitions" ? 0 : of(folder + "/" + $1)) }
        }
    }
}
