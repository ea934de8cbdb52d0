internal import Dispatch

/// Runs actors on a dispatch queue, so that the handlers of a queue's event sources are within them.
final class QueueExecutor: SerialExecutor {
    let queue: DispatchQueue
    /// Where sockets are read into. Shared by all connections of the queue, and safe to share since only
    /// code that runs on the serial queue touches it, and none of it keeps what it read here.
    nonisolated(unsafe) let readBuffer: UnsafeMutableRawBufferPointer

    private static let readBytes = 256 << 10

    init(_ label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        readBuffer = .allocate(byteCount: Self.readBytes, alignment: 16)
    }

    deinit { readBuffer.deallocate() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
