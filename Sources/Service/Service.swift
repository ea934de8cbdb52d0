package import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
package import Store
internal import Synchronization

/// Answers the HTTP API: from a request to the store and back. `Routes` is its table of contents.
package final class Service: HTTPHandler {
    let store: any Store
    let settings: ServiceSettings
    /// What the watch does; nil if nothing watches.
    let watch: (@Sendable () async -> WatchReport)?
    let rate = IngestRate()
    let requests = RequestMetrics()
    let started = ContinuousClock.now
    private let cors: CORS
    let routes: Routes
    /// `/openapi.json`.
    let contract: [UInt8]
    private let isReady = Atomic(true)
    private let log: @Sendable (String) -> Void

    /// - Parameter log: is told in one line what an operator should know.
    package init(
        store: any Store, settings: ServiceSettings,
        watch: (@Sendable () async -> WatchReport)? = nil,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.watch = watch
        self.store = store
        self.settings = settings
        self.log = log
        cors = CORS(origins: settings.corsOrigins)
        routes = Routes()
        contract = ContractDocument(version: settings.version, paths: routes.paths).bytes
    }

    /// From now on `/readyz` says that the service stops, so that load balancers look elsewhere.
    package func stopping() { isReady.store(false, ordering: .relaxed) }

    var accepts: Bool { isReady.load(ordering: .relaxed) }

    // MARK: Requests

    package func admit(_ head: RequestHead) -> Admission {
        .read(bodyBytesMax: settings.bodyBytesMax)
    }

    package func respond(to request: Request) async -> Response {
        let start = ContinuousClock.now
        let origin = request.head.fields.value("origin")
        var response: Response
        if let preflight = cors.preflight(request.head) {
            response = preflight
        } else {
            response = await answer(AnswerCoding.withStrongTags(request))
        }
        cors.allow(origin, &response)
        await AnswerCoding.apply(to: &response, of: request)
        let microseconds = (start.duration(to: .now) / .microseconds(1)).rounded()
        response.fields.set("Server-Timing", "total;dur=\(microseconds / 1000)")
        requests.count(
            request.head, route: routes.name(of: request.head), status: response.status.code,
            seconds: microseconds / 1e6, bodyBytes: request.body.count,
            isAbandoned: Task.isCancelled)
        return response
    }

    private func answer(_ request: Request) async -> Response {
        do {
            return try await routes.answer(request, self)
        } catch {
            let failure = failure(error, request.head)
            var response =
                request.wantsText && routes.operation(of: request.head)?.takesText == true
                ? Response.text(failure.terminalText, failure.status) : .failure(failure)
            if failure.status == .serviceUnavailable { response.fields.set("Retry-After", "1") }
            return response
        }
    }

    private func failure(_ error: any Error, _ head: RequestHead) -> QueryFailure {
        switch error {
        case let failure as QueryFailure: return failure
        case QueryError.timeout(let seconds):
            return QueryFailure(
                "query_timeout", "the query took longer than \(seconds) s; narrow its time range",
                status: .gatewayTimeout)
        case QueryError.tooLarge(let bytesMax, let what, let advice):
            return QueryFailure(
                "query_too_large",
                "\(what) would take more than \(bytesMax >> 20) MiB of memory: \(advice)",
                status: .unprocessableContent)
        case QueryError.pattern(let error, let pattern):
            return QueryFailure(
                "bad_expression", "\(pattern) is no regular expression: \(error.message)")
        case QueryError.tooManySteps(let count, let suggestion):
            return QueryFailure(
                "too_many_steps",
                "the range has \(count) steps, more than \(StepGrid.countMax); "
                    + "step=\(suggestion / 1_000_000_000)s would do")
        case QueryError.overlappingCohorts(let units):
            return QueryFailure(
                "overlapping_cohorts",
                "\(units) are in target and baseline: no unit may be in both, so add a condition to "
                    + "one of them")
        case is CancellationError:
            // Nobody reads it; by its status it is counted among what clients did.
            return QueryFailure(
                "cancelled", "the client went away",
                status: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"))
        default:
            // Clients retry 503: what failed here may work in a moment, a full disk included.
            log("\(head.method) \(head.path): \(error)")
            return QueryFailure("unavailable", "\(error)", status: .serviceUnavailable)
        }
    }

    package func refuse(_ error: HTTPError, _ head: RequestHead?) -> Response {
        countRefused()
        var response = error.response
        requests.countRefused(status: response.status.code)
        // A browser's exporter that cannot see the answer takes it for a network error and tries again.
        cors.allow(head?.fields.value("origin"), &response)
        return response
    }

    private func countRefused() {
        let store = store
        let log = log
        Task {
            var ledger = Ledger()
            ledger.count(.refusedRequest)
            do {
                try await store.count(ledger)
            } catch {
                log("cannot count a refused request: \(error)")
            }
        }
    }
}

extension Response {
    static func json(_ body: [UInt8], _ status: HTTPResponse.Status = .ok) -> Response {
        query(body, "application/json", status)
    }

    /// An answer that holds until the next commit only.
    static func query(
        _ body: [UInt8], _ contentType: String, _ status: HTTPResponse.Status = .ok
    ) -> Response {
        var fields = HTTPFields()
        fields[.contentType] = contentType
        fields[.cacheControl] = "no-cache"
        return Response(status, fields, body: .bytes(body))
    }

    static func failure(_ failure: QueryFailure) -> Response {
        json(failure.json + [10], failure.status)
    }

    static func text(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        var fields = HTTPFields()
        fields[.contentType] = "text/plain; charset=utf-8"
        return Response(status, fields, body: .bytes(Array(text.utf8)))
    }
}

extension Request {
    /// Whether the question was asked for a terminal, where errors are read by a person too.
    fileprivate var wantsText: Bool {
        let form = IngestRoutes.isForm(self) ? String(decoding: body, as: UTF8.self) : ""
        return (head.query ?? "").split(separator: "&").contains("format=text")
            || form.split(separator: "&").contains("format=text")
    }
}

extension HTTPFields {
    /// The value of a field by its name, in any case.
    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }

    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { self[name] = value }
    }
}
