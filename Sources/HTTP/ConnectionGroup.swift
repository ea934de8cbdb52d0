internal import Dispatch

/// The connections of one queue.
actor ConnectionGroup {
    let executor: QueueExecutor
    private let handler: any HTTPHandler
    private let limits: HTTPLimits
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var timer: (any DispatchSourceTimer)?
    private var isDraining = false
    private var whenEmpty: [CheckedContinuation<Void, Never>] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ label: String, handler: any HTTPHandler, limits: HTTPLimits) {
        executor = QueueExecutor(label)
        self.handler = handler
        self.limits = limits
    }

    var count: Int { connections.count }

    func start() {
        // Deadlines are seconds long, so looking four times a second is exact enough.
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.schedule(deadline: .now() + 0.25, repeating: 0.25, leeway: .milliseconds(50))
        timer.setEventHandler { self.assumeIsolated { $0.tick() } }
        timer.resume()
        self.timer = timer
    }

    func add(_ descriptor: Int32, peer: String) {
        let connection = Connection(
            descriptor, peer: peer, executor: executor, handler: handler, limits: limits
        ) { closed in
            // It closes on this group's queue.
            self.assumeIsolated { $0.remove(closed) }
        }
        connections[ObjectIdentifier(connection)] = connection
        let isDraining = isDraining
        connection.assumeIsolated { connection in
            connection.start()
            if isDraining { connection.drain() }
        }
    }

    private func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { wakeWaiters() }
    }

    private func tick() {
        let now = ContinuousClock.now
        for connection in connections.values { connection.assumeIsolated { $0.tick(now) } }
    }

    // MARK: Stopping

    /// Lets requests that were accepted finish. Returns once no connection is left.
    func drain() async {
        beginDraining()
        if connections.isEmpty { return }
        await withCheckedContinuation { whenEmpty.append($0) }
    }

    private func beginDraining() {
        isDraining = true
        for connection in connections.values { connection.assumeIsolated { $0.drain() } }
    }

    /// Breaks off what is left.
    func abort() {
        for connection in connections.values { connection.assumeIsolated { $0.abort() } }
        timer?.cancel()
        timer = nil
        wakeWaiters()
    }

    private func wakeWaiters() {
        let waiting = whenEmpty
        whenEmpty = []
        for continuation in waiting { continuation.resume() }
    }
}
