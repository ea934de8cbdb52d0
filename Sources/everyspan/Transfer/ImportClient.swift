import ArgumentParser
import Foundation

/// Posts bodies to a server, one after the other over one connection.
final class ImportClient {
    struct Reply {
        let status: Int
        let body: [UInt8]
    }

    private let socket: HTTPSocket
    /// Names this run and each of its requests, so that spans without ids are stored once though a request whose
    /// answer was lost is sent again.
    private let run = UUID()
    private var requests = 0

    init(url: String) throws { socket = try HTTPSocket(url: url) }

    /// Sends a request until it is answered: a server that is busy is asked again.
    func post(_ request: ImportFile.Request) throws -> Reply {
        requests += 1
        for attempt in 0..<60 {
            if let reply = try? exchange(request), ![429, 503].contains(reply.status) {
                return reply
            }
            socket.disconnect()
            if attempt == 0 {
                do {
                    try socket.connect()
                } catch {
                    throw ValidationError("\(error)")
                }
            }
            Thread.sleep(forTimeInterval: min(5, 0.2 * Double(attempt + 1)))
        }
        throw ValidationError("\(request.place): \(socket.address) does not answer")
    }

    private func exchange(_ request: ImportFile.Request) throws -> Reply {
        if !socket.isConnected { try socket.connect() }
        try socket.send(
            "POST", request.path,
            fields: [
                ("Content-Type", request.contentType), ("Idempotency-Key", "\(run)/\(requests)"),
            ], body: request.body)
        let head = try socket.readHead()
        var body: [UInt8] = []
        try socket.readBody(head) { body += $0 }
        return Reply(status: head.status, body: body)
    }
}
