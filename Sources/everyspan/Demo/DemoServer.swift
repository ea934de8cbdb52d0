import ArgumentParser
import EmbeddedStore
import Foundation
import HTTP
import HTTPTypes
import Logging
import Service
import Spans

/// A server of this process over a directory of its own.
final class DemoServer {
    let url: String
    private let store: EmbeddedStore
    private let service: Service
    private let server: HTTPServer

    init(listen: String, data: String) async throws {
        let settings = try Settings(
            try Serve.parse(["--data", data, "--listen", listen]), environment: [:])
        let logger = Logger(label: "everyspan") { StreamLogHandler.standardError(label: $0) }
        let log: @Sendable (String) -> Void = { logger.warning("\($0)") }
        store = try EmbeddedStore(settings.store, log: log)
        service = Service(store: store, settings: settings.service, log: log)
        do {
            server = try HTTPServer(
                host: settings.host, port: settings.port, limits: settings.limits,
                handler: service)
        } catch {
            try store.close()
            throw error
        }
        url = "http://\(settings.address(server.port))"
        await server.start()
    }

    /// Takes a batch in as if it had come when it ended: it is a day that is told, so that nothing of it is late.
    func take(_ batch: Traffic.Batch) async throws {
        let response = await service.respond(
            to: request("POST", "/v1/spans", batch.body, receivedAt: batch.end))
        guard response.status == .ok else { throw Refused(body: Self.text(response)) }
    }

    /// - Returns: what a GET is answered.
    func get(_ question: Question) async throws -> String {
        let response = await service.respond(
            to: request(question.method, question.target, [], receivedAt: Timestamp.now()))
        guard response.status == .ok else { throw Refused(body: Self.text(response)) }
        return Self.text(response)
    }

    func stop() async throws {
        service.stopping()
        await server.drain(timeout: .seconds(1))
        try store.close()
    }

    struct Refused: Error, CustomStringConvertible {
        let body: String
        var description: String { "the server refused its own demonstration: \(body)" }
    }

    private func request(
        _ method: String, _ target: String, _ body: [UInt8], receivedAt: UInt64
    ) -> Request {
        let head = RequestHead(
            method: method, target: target, fields: [:], minorVersion: 1,
            contentLength: body.count, isChunked: false, keepsAlive: true)
        return Request(head: head, body: body, peer: "local", receivedAt: receivedAt)
    }

    private static func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { return String(decoding: bytes, as: UTF8.self) }
        return ""
    }
}
