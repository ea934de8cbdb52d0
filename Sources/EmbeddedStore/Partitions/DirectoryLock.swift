internal import Foundation

/// Keeps a second server off a data directory, for as long as this one lives: the kernel lets go of the
/// lock whatever way the process ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(directory: String) throws {
        let path = directory + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError.cannotOpen("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 64)
            let length = max(0, read(descriptor, &text, text.count))
            // The object is complete, so its deinit closes the descriptor: closing it here too would
            // close whatever file of another thread got the number meanwhile.
            let owner = String(decoding: text.prefix(length), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            throw StoreError.cannotOpen(
                "another everyspan (process \(owner.isEmpty ? "unknown" : owner)) uses \(directory)"
            )
        }
        ftruncate(descriptor, 0)
        let owner = Array("\(getpid())\n".utf8)
        _ = write(descriptor, owner, owner.count)
    }

    /// Lets the next one in, while this process goes on.
    func release() { flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}

/// Why the store cannot do what it was asked.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The data directory or a file of it cannot be used; says which and why.
    case cannotOpen(String)
    /// It is shutting down.
    case closed

    package var description: String {
        switch self {
        case .cannotOpen(let reason): reason
        case .closed: "the store is closed"
        }
    }
}
