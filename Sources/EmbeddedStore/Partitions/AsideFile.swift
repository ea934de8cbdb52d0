internal import Foundation

/// Damaged files keep lying where they were, under a name that nothing opens: `2026-11-18.sqlite.damaged`.
enum AsideFile {
    private static let mark = ".sqlite.damaged"

    /// Gives a database, its log included, such a name.
    ///
    /// - Returns: the new path.
    /// - Throws: `StoreError` if there is no such file, or it cannot be renamed.
    static func move(_ path: String) throws -> String {
        var aside = path + ".damaged"
        var number = 2
        while FileManager.default.fileExists(atPath: aside) {
            aside = path + ".damaged.\(number)"
            number += 1
        }
        guard rename(path, aside) == 0 else {
            throw StoreError.cannotOpen(
                "cannot rename \(path): \(String(cString: strerror(errno)))")
        }
        // A new database of the old name must not find the old one's log.
        for suffix in ["-wal", "-shm"] { rename(path + suffix, aside + suffix) }
        CommitMark(partition: path).remove()
        return aside
    }

    /// How many there are in a directory.
    static func count(in directory: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.count(where: isAside)
    }

    static func isAside(_ name: String) -> Bool {
        name.contains(mark) && !name.hasSuffix("-wal") && !name.hasSuffix("-shm")
    }
}
