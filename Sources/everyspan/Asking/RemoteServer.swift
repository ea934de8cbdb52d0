/// A server on the network.
final class RemoteServer: Answering {
    private let socket: HTTPSocket

    init(url: String) throws { socket = try HTTPSocket(url: url) }

    func ask(
        _ question: Question, _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> (status: Int, tag: String?) {
        // A connection that rested since the last question may be gone: one more try on a new one.
        let wasConnected = socket.isConnected
        do {
            return try exchange(question, take)
        } catch let error as HTTPSocket.Unreachable {
            guard wasConnected else { throw error }
            socket.disconnect()
            return try exchange(question, take)
        }
    }

    private func exchange(
        _ question: Question, _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) throws -> (status: Int, tag: String?) {
        if !socket.isConnected { try socket.connect() }
        var fields = [("User-Agent", "everyspan/\(Everyspan.version)")]
        if let accept = question.accept { fields.append(("Accept", accept)) }
        if let tag = question.knownTag { fields.append(("If-None-Match", tag)) }
        try socket.send(
            question.method, question.target, fields: fields, body: question.body)
        let head = try socket.readHead()
        try socket.readBody(head, take)
        if head.fields["connection"]?.lowercased() == "close" { socket.disconnect() }
        return (head.status, head.fields["etag"])
    }

    func finish() { socket.disconnect() }
}
