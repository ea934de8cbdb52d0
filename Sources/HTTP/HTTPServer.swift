internal import Dispatch
internal import Foundation
internal import HTTPTypes

/// An HTTP/1.1 server on BSD sockets and dispatch sources. TLS and HTTP/2 are the reverse proxy's.
///
/// Two queues share the connections; handlers run as tasks of the cooperative pool.
package final class HTTPServer: Sendable {
    private let listener: Int32
    private let acceptor: Acceptor
    private let groups: [ConnectionGroup]
    /// The port that is listened on.
    package let port: Int

    /// Listens at once; requests wait until `start`.
    ///
    /// - Parameter port: 0 for any that is free.
    /// - Throws: `ListenError`.
    package init(
        host: String, port: Int, limits: HTTPLimits = HTTPLimits(), handler: any HTTPHandler
    ) throws {
        listener = try Socket.listen(host: host, port: port)
        self.port = Socket.port(of: listener)
        groups = (0..<2).map {
            ConnectionGroup("everyspan.http.\($0)", handler: handler, limits: limits)
        }
        acceptor = Acceptor(listener, groups, limits)
    }

    package func start() async {
        for group in groups { await group.start() }
        await acceptor.start()
    }

    /// Accepts no more connections and lets requests in work finish; what is not done in time is broken
    /// off.
    package func drain(timeout: Duration) async {
        await acceptor.stop()
        await withTaskGroup(of: Void.self) { tasks in
            for group in groups { tasks.addTask { await group.drain() } }
            let deadline = Task {
                try? await Task.sleep(for: timeout)
                for group in groups { await group.abort() }
            }
            await tasks.waitForAll()
            deadline.cancel()
        }
        for group in groups { await group.abort() }
    }
}

/// Accepts connections and deals them out.
private actor Acceptor {
    private let listener: Int32
    private let groups: [ConnectionGroup]
    private let limits: HTTPLimits
    private let executor = QueueExecutor("everyspan.http.accept")
    private var source: (any DispatchSourceRead)?
    private var next = 0
    private var isPaused = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ listener: Int32, _ groups: [ConnectionGroup], _ limits: HTTPLimits) {
        self.listener = listener
        self.groups = groups
        self.limits = limits
    }

    func start() {
        let source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: executor.queue)
        source.setEventHandler { self.assumeIsolated { $0.accept() } }
        let listener = listener
        source.setCancelHandler { close(listener) }
        self.source = source
        source.resume()
    }

    func stop() {
        // A suspended source would never run its cancel handler.
        resume()
        source?.cancel()
        source = nil
    }

    private func accept() {
        while let (descriptor, peer) = Socket.accept(listener) {
            let group = groups[next % groups.count]
            next += 1
            let most = limits.connectionsMax / groups.count
            Task {
                if await group.count < most {
                    await group.add(descriptor, peer: peer)
                } else {
                    Self.turnAway(descriptor)
                }
            }
        }
        // Without free descriptors the source would fire again and again.
        if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { pause() }
    }

    private func pause() {
        guard let source, !isPaused else { return }
        isPaused = true
        source.suspend()
        executor.queue.asyncAfter(deadline: .now() + 0.1) { self.assumeIsolated { $0.resume() } }
    }

    private func resume() {
        guard isPaused else { return }
        isPaused = false
        source?.resume()
    }

    private static func turnAway(_ descriptor: Int32) {
        let response = HTTPError(.serviceUnavailable, "too many connections").response
        if case .bytes(let body) = response.body {
            let head = ResponseHead.bytes(
                response, .length(body.count), minorVersion: 1, keepsAlive: false)
            _ = (head + body).withUnsafeBytes { Socket.write(descriptor, $0) }
        }
        close(descriptor)
    }
}
