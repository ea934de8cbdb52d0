internal import Synchronization

/// The partition files that are open: a bounded number, of which those used longest ago are closed first.
final class OpenFiles: Sendable {
    private struct Entry {
        weak var file: PartitionFile?
    }

    /// Each takes up to a dozen descriptors; many systems allow a process 1,024.
    private let countMax: Int
    private let idleSeconds: Double
    private let entries = Mutex<[Entry]>([])
    private let log: @Sendable (String) -> Void

    init(
        countMax: Int = 48, idleSeconds: Double = 60, log: @escaping @Sendable (String) -> Void
    ) {
        self.countMax = countMax
        self.idleSeconds = idleSeconds
        self.log = log
    }

    /// Takes note of a file that was opened; another may be closed for it.
    func opened(_ file: PartitionFile) {
        entries.withLock { entries in
            entries.removeAll { $0.file == nil || $0.file === file || $0.file?.isOpen == false }
            entries.append(Entry(file: file))
        }
        // That takes a lock of the file for which commits may wait: nothing for a thread that gets hardly a core.
        if BackgroundWork.isCurrent { return }
        close { idle, openCount in Array(idle.prefix(max(0, openCount - countMax))) }
    }

    /// Closes files that nobody has used for a while.
    func closeIdle() {
        close { idle, _ in
            idle.filter { $0.since.duration(to: .now) / .seconds(1) > idleSeconds }
        }
    }

    private typealias Idle = (file: PartitionFile, since: ContinuousClock.Instant)

    /// - Parameter choose: which of the idle files to close, given them with the one used longest ago first.
    private func close(_ choose: ([Idle], _ openCount: Int) -> [Idle]) {
        let files = entries.withLock { entries in entries.compactMap(\.file) }
        let idle: [Idle] = files.compactMap { file in file.idleSince.map { (file, $0) } }
        for (file, _) in choose(idle.sorted { $0.since < $1.since }, files.count) {
            do {
                try file.closeUnlessUsed()
            } catch {
                log("cannot close \(file.path): \(error)")
            }
        }
    }
}
