internal import Dispatch
internal import HTTPTypes

extension Connection {
    /// Writes an answer to the current request.
    func send(_ response: Response) async {
        guard let head, !isClosed else { return }
        hasBegunAnswer = true
        let keepsAlive = head.keepsAlive && !closesAfterAnswer
        let isBodiless = response.status.code == 204 || response.status.code == 304
        switch response.body {
        case .bytes(let bytes):
            let bytes = isBodiless ? [] : bytes
            let framing: ResponseHead.Framing = isBodiless ? .none : .length(bytes.count)
            var message = ResponseHead.bytes(
                response, framing, minorVersion: head.minorVersion, keepsAlive: keepsAlive)
            if head.method != "HEAD" {
                // One packet where both fit into one.
                if bytes.count <= 16 << 10 {
                    message += bytes
                    write(message)
                } else {
                    write(message)
                    write(bytes)
                }
            } else {
                write(message)
            }
            answered(keepsAlive: keepsAlive)
        case .stream(let body):
            await stream(response, body, head, keepsAlive)
        }
    }

    private func stream(
        _ response: Response, _ body: @Sendable (any BodyWriter) async throws -> Void,
        _ head: RequestHead, _ keepsAlive: Bool
    ) async {
        let isChunked = head.minorVersion == 1
        let keepsAlive = keepsAlive && isChunked
        write(
            ResponseHead.bytes(
                response, isChunked ? .chunked : .close, minorVersion: head.minorVersion,
                keepsAlive: keepsAlive))
        if head.method != "HEAD" {
            do {
                try await body(StreamWriter(connection: self, isChunked: isChunked))
                if isChunked { write(ResponseHead.lastChunk) }
            } catch {
                // Without its last chunk the client sees that the body is not whole.
                return abort()
            }
        }
        // A drain may have begun while the body was written.
        if !isClosed { answered(keepsAlive: keepsAlive && !closesAfterAnswer) }
    }

    /// Writes a piece of a streamed body, and waits while the client is far behind.
    func writePiece(_ bytes: [UInt8], isChunked: Bool) async throws {
        if isClosed { throw ClientGone() }
        if bytes.isEmpty { return }
        write(isChunked ? ResponseHead.chunk(bytes) : bytes)
        if outputBytes <= limits.writeBufferBytesMax { return }
        try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Void, any Error>) in
            if isClosed {
                continuation.resume(throwing: ClientGone())
            } else {
                waitingWriters.append(continuation)
            }
        }
    }

    /// Sends bytes, or keeps what the socket does not take yet.
    func write(_ bytes: [UInt8]) {
        if isClosed || bytes.isEmpty { return }
        if outputBytes == 0 { lastProgress = .now }
        output.append(bytes)
        outputBytes += bytes.count
        if writeSource == nil { flush() }
    }

    private func flush() {
        while let first = output.first, !isClosed {
            let result = first.withUnsafeBytes {
                Socket.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[outputOffset...]))
            }
            switch result {
            case .bytes(let count):
                lastProgress = .now
                outputOffset += count
                outputBytes -= count
                if outputOffset == first.count {
                    output.removeFirst()
                    outputOffset = 0
                }
            case .wouldBlock: return watchWriting()
            case .end, .failed: return abort()
            }
        }
        written()
    }

    private func watchWriting() {
        wakeWriters()
        if writeSource != nil { return }
        let source = DispatchSource.makeWriteSource(
            fileDescriptor: descriptor, queue: executor.queue)
        source.setEventHandler { self.assumeIsolated { $0.flush() } }
        source.setCancelHandler { self.assumeIsolated { $0.sourceCancelled() } }
        writeSource = source
        sourceOpened()
        source.resume()
    }

    private func written() {
        if let source = writeSource {
            writeSource = nil
            source.cancel()
        }
        wakeWriters()
        if closesWhenWritten, !isClosed { finishClosing() }
    }

    private func wakeWriters() {
        guard outputBytes <= limits.writeBufferBytesMax / 2, !waitingWriters.isEmpty else { return }
        let writers = waitingWriters
        waitingWriters = []
        for writer in writers { writer.resume() }
    }
}

/// The body of a streamed answer.
private struct StreamWriter: BodyWriter {
    let connection: Connection
    let isChunked: Bool

    func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        try await connection.writePiece(bytes, isChunked: isChunked)
    }
}
