internal import Dispatch
internal import Foundation
internal import HTTPTypes

/// One client's connection: reads requests, has them answered one after the other, writes the answers.
///
/// An actor on its queue's executor: the handlers of its event sources run there too, so nothing is
/// locked. Writing is in `Connection+Writing.swift`, deadlines in `Connection+Deadlines.swift`.
actor Connection {
    let descriptor: Int32
    let peer: String
    let executor: QueueExecutor
    let handler: any HTTPHandler
    let limits: HTTPLimits
    private let onClose: @Sendable (Connection) -> Void

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // Reading.
    private var parser: RequestParser
    private var input: [UInt8] = []
    private var readSource: (any DispatchSourceRead)?
    private var isReadSuspended = false
    var head: RequestHead?
    private var headReceivedAt: UInt64 = 0
    private(set) var body: [UInt8] = []
    private var bodyBytesMax = 0
    private(set) var hasPeerEnded = false

    // Answering.
    private(set) var task: Task<Void, Never>?
    var closesAfterAnswer = false
    /// Whether the answer to the current request has begun.
    var hasBegunAnswer = false
    /// Whether the client was asked, while it waits, if it is still there.
    var hasProbedClient = false

    // Writing.
    var output: [[UInt8]] = []
    var outputOffset = 0
    var outputBytes = 0
    var writeSource: (any DispatchSourceWrite)?
    var waitingWriters: [CheckedContinuation<Void, any Error>] = []
    var closesWhenWritten = false

    // Deadlines.
    var phase = Phase.idle
    var phaseStart = ContinuousClock.now
    var lastProgress = ContinuousClock.now

    private(set) var isClosed = false
    private var openSources = 0

    init(
        _ descriptor: Int32, peer: String, executor: QueueExecutor, handler: any HTTPHandler,
        limits: HTTPLimits, onClose: @escaping @Sendable (Connection) -> Void
    ) {
        self.descriptor = descriptor
        self.peer = peer
        self.executor = executor
        self.handler = handler
        self.limits = limits
        self.onClose = onClose
        parser = RequestParser(limits: limits)
    }

    func start() {
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: executor.queue)
        source.setEventHandler { self.assumeIsolated { $0.readable() } }
        source.setCancelHandler { self.assumeIsolated { $0.sourceCancelled() } }
        readSource = source
        openSources += 1
        source.resume()
    }

    // MARK: Reading

    private func readable() {
        if isClosed || isReadSuspended { return }
        switch Socket.read(descriptor, executor.readBuffer) {
        case .bytes(let count):
            lastProgress = .now
            take(UnsafeRawBufferPointer(rebasing: executor.readBuffer[..<count]))
        case .end: peerEnded()
        case .wouldBlock: break
        case .failed: abort()
        }
    }

    /// The client will send no more. It may still want the answer to what it sent.
    private func peerEnded() {
        hasPeerEnded = true
        suspendReading()
        // Requests that it sent behind the one that is being answered are answered too.
        if input.isEmpty { closesAfterAnswer = true }
        if task == nil, outputBytes == 0 {
            close()
        } else if task == nil {
            closesWhenWritten = true
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        if closesWhenWritten { return }
        if task != nil || !input.isEmpty {
            input.append(contentsOf: bytes)
            if task != nil, input.count >= limits.pipelineBytesMax { suspendReading() }
            if task == nil { takeBuffered() }
        } else {
            let used = parse(bytes)
            if used < bytes.count, !isClosed { input.append(contentsOf: bytes[used...]) }
        }
    }

    private func takeBuffered() {
        let bytes = input
        input = []
        let used = bytes.withUnsafeBytes { parse($0) }
        if used < bytes.count, !isClosed { input = Array(bytes[used...]) }
    }

    /// Reads requests until one is to be answered or bytes run out.
    ///
    /// - Returns: how many bytes were used.
    private func parse(_ bytes: UnsafeRawBufferPointer) -> Int {
        var used = 0
        do throws(HTTPError) {
            while task == nil, !isClosed, !closesWhenWritten {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
                let (count, event) = try parser.next(rest)
                used += count
                switch event {
                case .head(let head): try begin(head, hasMore: used < bytes.count)
                case .body(let range): try add(UnsafeRawBufferPointer(rebasing: rest[range]))
                case .end: answer()
                case nil:
                    enter(head != nil ? .body : parser.isBetweenRequests ? .idle : .head)
                    return used
                }
            }
        } catch {
            refuse(error)
        }
        return used
    }

    private func begin(_ head: RequestHead, hasMore: Bool) throws(HTTPError) {
        self.head = head
        headReceivedAt = WallClock.nanoseconds
        if head.minorVersion == 1,
            head.fields.count(where: { $0.name.canonicalName == "host" }) != 1
        {
            throw .badRequest("a request has one Host field")
        }
        if let expectation = head.fields[.expect] {
            guard expectation.lowercased() == "100-continue" else {
                throw HTTPError(.expectationFailed, "the only expectation is 100-continue")
            }
        }
        switch handler.admit(head) {
        case .refuse(let response):
            let hasBody = head.isChunked || (head.contentLength ?? 0) > 0
            if hasBody { closesAfterAnswer = true }
            // What was sent of the body is not looked at.
            finish(with: response)
        case .read(let bytesMax):
            bodyBytesMax = bytesMax
            if let length = head.contentLength {
                if length > bytesMax { throw tooLarge }
                // What is announced may never come, so not all of it is reserved at once.
                body.reserveCapacity(min(length, 1 << 20))
            }
            let expects = head.fields[.expect] != nil && head.minorVersion == 1
            if expects, !hasMore, head.isChunked || head.contentLength != 0 {
                write(ResponseHead.proceed)
            }
        }
    }

    private var tooLarge: HTTPError {
        HTTPError(.contentTooLarge, "the body has more than \(bodyBytesMax) bytes")
    }

    private func add(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        if body.count + bytes.count > bodyBytesMax { throw tooLarge }
        body.append(contentsOf: bytes)
    }

    // MARK: Answering

    private func answer() {
        guard let head else { return }
        let request = Request(head: head, body: body, peer: peer, receivedAt: headReceivedAt)
        body = []
        enter(.answering)
        let handler = handler
        task = Task {
            let response = await handler.respond(to: request)
            await self.send(response)
        }
    }

    /// Answers without asking the handler.
    private func finish(with response: Response) {
        enter(.answering)
        task = Task { await self.send(response) }
    }

    /// Refuses what is no valid request; the connection cannot go on, since nobody knows where the next
    /// request would begin.
    func refuse(_ error: HTTPError) {
        let response = handler.refuse(error, head)
        closesAfterAnswer = true
        if head == nil {
            head = RequestHead(
                method: "GET", target: "/", fields: [:], minorVersion: 1, contentLength: 0,
                isChunked: false, keepsAlive: false)
        }
        finish(with: response)
    }

    /// The answer is written as far as this side is concerned.
    func answered(keepsAlive: Bool) {
        task = nil
        head = nil
        body = []
        hasBegunAnswer = false
        hasProbedClient = false
        if !keepsAlive {
            closesWhenWritten = true
            if outputBytes == 0 { finishClosing() }
            return
        }
        enter(.idle)
        if !input.isEmpty { takeBuffered() }
        if hasPeerEnded, input.isEmpty { closesAfterAnswer = true }
        if task == nil, !isClosed {
            if hasPeerEnded {
                closesWhenWritten = true
                if outputBytes == 0 { close() }
            } else {
                resumeReading()
            }
        }
    }

    // MARK: Sources

    private func suspendReading() {
        guard !isReadSuspended, let readSource else { return }
        isReadSuspended = true
        readSource.suspend()
    }

    private func resumeReading() {
        guard isReadSuspended, let readSource else { return }
        isReadSuspended = false
        readSource.resume()
    }

    func sourceOpened() { openSources += 1 }

    func sourceCancelled() {
        openSources -= 1
        // Only when no source watches it may its number go to another file.
        if openSources == 0 { _ = Foundation.close(descriptor) }
    }

    // MARK: Closing

    /// All is written: lets the client read it before the connection goes. Closing at once while bytes
    /// of the client lie unread would reset it (RFC 9112, 9.6).
    func finishClosing() {
        if isClosed { return }
        if hasPeerEnded { return close() }
        shutdown(descriptor, Int32(SHUT_WR))
        enter(.lingering)
        input = []
        resumeReading()
    }

    /// The client broke the connection, or let a deadline pass.
    func abort() {
        task?.cancel()
        close()
    }

    func close() {
        if isClosed { return }
        isClosed = true
        let writers = waitingWriters
        waitingWriters = []
        for writer in writers { writer.resume(throwing: ClientGone()) }
        output = []
        outputBytes = 0
        input = []
        body = []
        writeSource?.cancel()
        writeSource = nil
        // A suspended source would never run its cancel handler.
        resumeReading()
        readSource?.cancel()
        readSource = nil
        onClose(self)
    }
}

/// The wall clock.
enum WallClock {
    static var nanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
