import ArgumentParser
import EmbeddedStore
import Foundation
import HTTP
import Logging
import Service
import Store
import Watch

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take spans in and answer questions about them.",
        discussion: """
            Each option can also be set in the environment, as EVERYSPAN_DATA for --data, or in a \
            configuration file of lines such as `data = /var/lib/everyspan`. A flag goes before the \
            environment, which goes before the file.
            """)

    @Option(help: "The directory that holds the data; made if missing.")
    var data: String?
    @Option(help: "HOST:PORT to listen on (default: 127.0.0.1:4318).")
    var listen: String?
    @Option(help: "Remove spans older than this, as 30d or 12h (default: keep everything).")
    var retain: String?
    @Option(
        help:
            "Remove the oldest days while all data takes more than this, as 200GB (default: keep everything)."
    )
    var retainBytes: String?
    @Option(help: "A configuration file.")
    var config: String?
    @Option(help: "Bytes of a body at most, as sent and inflated (default: 67108864).")
    var bodyBytesMax: Int?
    @Option(help: "Bytes of decoded columns kept in memory (default: 268435456).")
    var warmBytesMax: Int?
    @Option(help: "Seconds a query may take (default: 30).")
    var querySecondsMax: Int?
    @Option(help: "Bytes that a query may take for itself (default: 268435456).")
    var queryBytesMax: Int?
    @Option(
        help: "Spans a merged segment has at least for its values to be counted (default: 4096).")
    var countedSpansMin: Int?
    @Option(help: "Seconds to wait for requests in work when stopping (default: 30).")
    var drainSeconds: Int?
    @Option(help: "Origins whose pages may use the API, separated by commas (default: none).")
    var corsOrigins: String?

    @Option(
        help:
            "A table of token prices in LiteLLM's format, for calls sent without a cost (default: none)."
    )
    var prices: String?
    @Option(
        help:
            "Whether the last window is compared again and again, and what stands out is kept: on or off (default: on)."
    )
    var watch: String?
    @Option(help: "How long the watch's windows are, as 15m or 1h (default: 1h).")
    var watchWindow: String?
    @Option(help: "From one look of the watch to the next (default: a twelfth of the window).")
    var watchEvery: String?
    @Option(help: "What a failure is for the watch (default: status = error).")
    var watchFailure: String?
    @Option(
        help:
            "What a finding must satisfy to be reported (default: \(WatchSettings.havingStandard))."
    )
    var watchHaving: String?
    @Option(
        help:
            "An address to which findings that open and resolve are posted; needs curl (default: none)."
    )
    var watchWebhook: String?
    @Option(help: "Whether small segments are merged: on, or off to measure without (default: on).")
    var merging: String?

    func run() async throws {
        Allocator.startGivingBack()
        FileLimit.raise()
        // Who has gone before it has read all is told by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        let settings = try Settings(self)
        let logger = Logger(label: "everyspan") { StreamLogHandler.standardError(label: $0) }
        let log: @Sendable (String) -> Void = { logger.warning("\($0)") }
        let stop = StopSignals()
        let store = try EmbeddedStore(settings.store, log: log)
        let watch = settings.watch.map { Watch(store, $0, tell: settings.webhook?.tell, log: log) }
        var report: (@Sendable () async -> WatchReport)?
        if let watch { report = { await watch.report } }
        let service = Service(
            store: store, settings: settings.service, watch: report, log: log)
        let server: HTTPServer
        do {
            server = try HTTPServer(
                host: settings.host, port: settings.port, limits: settings.limits, handler: service)
        } catch {
            try store.close()
            throw error
        }
        await server.start()
        let watching = Task { await watch?.run() }
        let prices = settings.prices.map { ", " + $0 } ?? ""
        logger.info(
            "everyspan \(Everyspan.version) listens on http://\(settings.address(server.port)), data in \(settings.store.directory)\(prices)"
        )
        let signal = await stop.wait()
        logger.info("\(signal): finishing what was accepted")
        service.stopping()
        watching.cancel()
        await server.drain(timeout: .seconds(settings.drainSeconds))
        await watching.value
        try store.close()
        logger.info("stopped")
    }
}
