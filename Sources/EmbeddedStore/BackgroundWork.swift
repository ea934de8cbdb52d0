internal import Foundation

/// Work that gets a core only while nothing else wants it.
///
/// It runs on a thread of its own, since a thread that has made itself less urgent may not take that back. (Dispatch knows
/// urgencies too, but on Linux its threads all run alike.)
enum BackgroundWork {
    /// Whether this thread does background work, so that it is not to be divided among others.
    @TaskLocal static var isCurrent = false

    /// As in `nice`: an ordinary thread beside it gets some thirty times as much of a core.
    private static let niceness: Int32 = 15

    /// Where a new thread's stack would be smaller than that of Dispatch's.
    private static let stackBytes = 1 << 20

    static func run<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { answer in
            let thread = Thread {
                // On Linux it is the calling thread's alone. If it cannot be set, the work is done all the same.
                _ = setpriority(prioritized, 0, niceness)
                answer.resume(with: Result { try $isCurrent.withValue(true) { try body() } })
            }
            thread.name = "everyspan.watch"
            thread.stackSize = stackBytes
            thread.start()
        }
    }

    #if canImport(Glibc)
        private static let prioritized = __priority_which_t(PRIO_PROCESS.rawValue)
    #else
        // A process is more than its threads elsewhere.
        private static let prioritized = PRIO_DARWIN_THREAD
    #endif
}
