internal import Dispatch
internal import Spans
internal import Synchronization

/// Gathers the batches of many requests into one commit.
///
/// The first batch is committed at once; what arrives while it syncs is committed together. So a lone
/// request waits for no timer, and many requests share a sync.
final class GroupCommit: Sendable {
    /// Spans a commit: what one segment holds before a later request would wait too long for its turn.
    private static let spansMax = 16_384

    private struct Waiting {
        let batch: SpanBatch
        let receivedAt: UInt64
        let answer: CheckedContinuation<Int, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isRunning = false
        var isClosed = false
        var spans = 0
    }

    private let state = Mutex(State())
    /// Commits block on the disk, so they have a thread of their own, away from the cooperative pool.
    private let queue = DispatchQueue(label: "everyspan.commit", qos: .userInitiated)
    private let commit: @Sendable (SpanBatch, [Int], UInt64) throws -> [Int]

    /// - Parameter commit: writes a batch, given where each request's spans end in it and when it was
    ///   received, and returns how many spans of each request were there already.
    init(commit: @escaping @Sendable (SpanBatch, [Int], UInt64) throws -> [Int]) {
        self.commit = commit
    }

    /// Spans that wait for their commit.
    var waitingSpans: Int { state.withLock { $0.spans } }

    /// Returns once the batch is on disk.
    ///
    /// - Returns: how many of its spans were there already.
    func append(_ batch: SpanBatch, receivedAt: UInt64) async throws -> Int {
        try await withCheckedThrowingContinuation { answer in
            let start: Bool? = state.withLock { state in
                if state.isClosed { return nil }
                state.waiting.append(
                    Waiting(batch: batch, receivedAt: receivedAt, answer: answer))
                state.spans += batch.count
                defer { state.isRunning = true }
                return !state.isRunning
            }
            switch start {
            case nil: answer.resume(throwing: StoreError.closed)
            case true?: queue.async { self.run() }
            case false?: break
            }
        }
    }

    /// Refuses new batches and waits for those that were taken.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    private func run() {
        while let group = next() { write(group) }
    }

    /// The batches of the next commit; nil when nothing waits.
    private func next() -> [Waiting]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            var count = 0
            var spans = 0
            repeat {
                spans += state.waiting[count].batch.count
                count += 1
            } while count < state.waiting.count
                && spans + state.waiting[count].batch.count <= Self.spansMax
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.spans -= spans
            return group
        }
    }

    private func write(_ group: [Waiting]) {
        var batch = group[0].batch
        var ends = [batch.count]
        for waiting in group.dropFirst() {
            batch.append(waiting.batch)
            ends.append(batch.count)
        }
        do {
            let receivedAt = group.map(\.receivedAt).max() ?? 0
            let duplicates = try commit(batch, ends, receivedAt)
            for (waiting, count) in zip(group, duplicates) {
                waiting.answer.resume(returning: count)
            }
        } catch {
            for waiting in group { waiting.answer.resume(throwing: error) }
        }
    }
}
