internal import Foundation
internal import Synchronization

/// Work that hardly gets a core while anything else wants it.
///
/// A thread that has made itself less urgent may not take that back, and what it starts is as little urgent as itself: workers
/// of Dispatch too, if it is the one that wakes them. So there are two threads. An ordinary one waits, and goes on with what
/// was found; the other computes, and starts nothing.
enum BackgroundWork {
    /// Whether this thread does background work, so that it is not to be divided among others.
    @TaskLocal static var isCurrent = false

    /// Where a new thread's stack would be smaller than that of Dispatch's.
    private static let stackBytes = 1 << 20

    /// Runs what waits for background work, on an ordinary thread of its own: none of Dispatch's is to be kept waiting.
    static func run<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { answer in
            start("everyspan.watch") { answer.resume(with: Result { try body() }) }
        }
    }

    /// Computes something on a thread that all others go before, and waits for it.
    static func compute<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        let outcome = Outcome<T>()
        start("everyspan.idle") {
            becomeLeastUrgent()
            outcome.set(Result { try $isCurrent.withValue(true) { try body() } })
        }
        return try outcome.wait()
    }

    private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            // Another thread's name reaches Foundation, but not the system.
            Thread.current.name = name
            body()
        }
        thread.stackSize = stackBytes
        thread.start()
    }

    /// What one thread hands to another.
    private final class Outcome<T: Sendable>: Sendable {
        private let result = Mutex<Result<T, any Error>?>(nil)
        private let isThere = DispatchSemaphore(value: 0)

        func set(_ value: Result<T, any Error>) {
            result.withLock { $0 = value }
            isThere.signal()
        }

        func wait() throws -> T {
            isThere.wait()
            guard let result = result.withLock({ $0 }) else { throw CancellationError() }
            return try result.get()
        }
    }

    /// Makes the calling thread the last one that gets a core. If it cannot be done, the work is done all the same.
    ///
    /// Linux has a policy for that, `SCHED_IDLE` (sched(7)): whatever wakes up takes the core at once, and counts a core
    /// that runs nothing else as free. `nice` alone left taking spans in a tenth less of the cores (docs/PERFORMANCE.md).
    private static func becomeLeastUrgent() {
        #if os(Linux)
            // The macro of <linux/sched.h>, which Swift does not see.
            let idle: Int32 = 5
            var none = sched_param()
            if sched_setscheduler(0, idle, &none) == 0 { return }
            let prioritized = __priority_which_t(PRIO_PROCESS.rawValue)
        #else
            // A process is more than its threads elsewhere.
            let prioritized = PRIO_DARWIN_THREAD
        #endif
        _ = setpriority(prioritized, 0, niceness)
    }

    /// As in `nice`: an ordinary thread beside it gets some thirty times as much of a core.
    private static let niceness: Int32 = 15
}
