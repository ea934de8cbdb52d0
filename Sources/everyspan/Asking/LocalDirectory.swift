import EmbeddedStore
import Foundation
import HTTP
import HTTPTypes
import Logging
import Service

/// A data directory that no server uses, asked in this process by the same routes.
final class LocalDirectory: Answering {
    private let store: EmbeddedStore
    private let service: Service

    init(path: String) throws {
        var settings = EmbeddedStore.Settings(directory: path)
        // Looking must not change what is looked at.
        settings.merges = false
        let logger = Logger(label: "everyspan") { StreamLogHandler.standardError(label: $0) }
        store = try EmbeddedStore(settings, log: { logger.warning("\($0)") })
        var serviceSettings = ServiceSettings()
        serviceSettings.version = Everyspan.version
        service = Service(
            store: store, settings: serviceSettings, log: { logger.warning("\($0)") })
    }

    func ask(
        _ question: Question, _ take: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> (status: Int, tag: String?) {
        var fields = HTTPFields()
        if let accept = question.accept { fields[.accept] = accept }
        if let tag = question.knownTag { fields[.ifNoneMatch] = tag }
        let head = RequestHead(
            method: question.method, target: question.target, fields: fields, minorVersion: 1,
            contentLength: question.body.count, isChunked: false, keepsAlive: true)
        let response = await service.respond(
            to: Request(
                head: head, body: question.body, peer: "local",
                receivedAt: UInt64(Date().timeIntervalSince1970 * 1e9)))
        switch response.body {
        case .bytes(let bytes): try take(bytes)
        case .stream(let body): try await body(Taker(take: take))
        }
        return (response.status.code, response.fields[.eTag])
    }

    func finish() throws { try store.close() }

    private struct Taker: BodyWriter {
        let take: @Sendable ([UInt8]) throws -> Void

        func write(_ bytes: [UInt8]) async throws { try take(bytes) }
    }
}
