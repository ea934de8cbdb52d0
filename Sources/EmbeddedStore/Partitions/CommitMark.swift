internal import Foundation

/// The number of the last segment that was committed, in a small file beside the partition's.
///
/// SQLite's log is read up to its first damaged frame, and a log that is gone is taken for an empty one: what was
/// committed after that is missing, and nothing says so. This does. It is not synced, so after a power cut it may be
/// behind, never ahead.
struct CommitMark: Sendable {
    private let path: String

    /// - Parameter path: of the partition's file.
    init(partition path: String) { self.path = String(path.dropLast(".sqlite".count)) + ".mark" }

    /// nil if there is none, or none that can be read.
    var value: Int64? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return Int64(
            String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Takes note of a commit. That it fails is no reason to refuse the commit, which is safe already.
    func set(_ segment: Int64) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Always as long, so that it need not be cut.
        let digits = String(segment)
        let text = Array((String(repeating: "0", count: 20 - digits.count) + digits + "\n").utf8)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    func remove() { unlink(path) }
}
