internal import GRDB
internal import Zlib

/// A segment whose bytes turned out damaged while they were read.
struct DamagedSegment: Error, CustomStringConvertible {
    let segment: Segment
    let reason: String
    /// Nothing of the whole file can be read.
    let isOfFile: Bool

    var description: String { "segment \(segment.id) of \(segment.partition.name): \(reason)" }

    /// Whether it is damaged still if its file is opened anew and all of it read once more.
    var isConfirmed: Bool {
        try? segment.partition.reopen()
        do {
            try segment.verify()
            return false
        } catch {
            return Damage.reason(error) != nil
        }
    }
}

/// A partition's file that cannot be written because it is damaged.
struct DamagedPartition: Error, CustomStringConvertible {
    let partition: Partition
    let reason: String

    var description: String { "\(partition.name): \(reason)" }
}

/// Tells damage from troubles that pass: a full disk, too many open files, a file that somebody has locked.
enum Damage {
    /// The file of a partition is not there any more.
    struct Gone: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) is gone" }
    }

    /// What is damaged, if an error says that something is; else nil.
    static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as DamagedSegment: error.description
        case let error as DamagedPartition: error.description
        case let error as DamagedBytes: error.reason
        case let error as ZlibError: error.message
        case let error as Gone: error.description
        case let error as RowDecodingError: "a row of another kind: \(error)"
        case let error as DatabaseError where codes.contains(error.resultCode):
            error.message ?? "\(error.resultCode)"
        default: nil
        }
    }

    /// Whether an error says that no part of a file can be read.
    static func isOfFile(_ error: any Error) -> Bool {
        if error is Gone { return true }
        return (error as? DatabaseError)?.resultCode == .SQLITE_NOTADB
    }

    /// Whether reading or writing itself failed, which says nothing of what is there.
    static func isOfDevice(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_IOERR
    }

    /// ERROR is what SQLite says where a table or column is not there: our own statements are right.
    private static let codes: [ResultCode] = [
        .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT, .SQLITE_ERROR, .SQLITE_MISMATCH,
    ]
}
