internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Store

/// The API in one screen: which path and method is answered by what.
struct Routes: Sendable {
    fileprivate typealias Handler = @Sendable (Request, Service) async throws -> Response

    /// What one method of a path does, and how it is described.
    fileprivate struct Method: Sendable {
        let name: String
        let handler: Handler
        let operation: Operation

        static func get(_ handler: @escaping Handler, _ operation: Operation) -> Method {
            Method(name: "GET", handler: handler, operation: operation)
        }

        static func post(_ handler: @escaping Handler, _ operation: Operation) -> Method {
            Method(name: "POST", handler: handler, operation: operation)
        }
    }

    fileprivate struct Route: Sendable {
        let path: String
        let methods: [Method]

        init(_ path: String, _ methods: Method...) {
            self.path = path
            self.methods = methods
        }
    }

    private let routes: [Route] = [
        Route(
            "/v1/traces", .post(IngestRoutes.traces, .exportTraces),
            .get(QueryRoutes.traces, .traces)),
        Route("/v1/logs", .post(IngestRoutes.logs, .exportLogs)),
        Route("/v1/metrics", .post(IngestRoutes.metrics, .exportMetrics)),
        Route("/v1/scores", .post(ScoreRoutes.scores, .sendScores)),
        Route(
            "/v1/spans", .post(IngestRoutes.spans, .sendSpans), .get(QueryRoutes.spans, .spans)),
        Route(
            "/v1/slices", .get(QueryRoutes.slices, .slices),
            .post(QueryRoutes.slices, .slices.posted)),
        Route(
            "/v1/series", .get(QueryRoutes.series, .series),
            .post(QueryRoutes.series, .series.posted)),
        Route(
            "/v1/compare", .get(QueryRoutes.compare, .compare),
            .post(QueryRoutes.compare, .compare.posted)),
        Route(
            "/v1/dimensions", .get(QueryRoutes.dimensions, .dimensions),
            .post(QueryRoutes.dimensions, .dimensions.posted)),
        Route("/v1/findings", .get(FindingsRoute.findings, .findings)),
        Route("/v1/tail", .get(TailRoute.tail, .tail)),
        Route("/v1/traces/*", .get(QueryRoutes.trace, .trace)),
        Route("/", .get(HelpRoute.help, .help)),
        Route(
            "/v1/ledger", .get(LedgerRoute.ledger, .ledger),
            .post(LedgerRoute.ledger, .ledger.posted)),
        Route("/v1/status", .get(StatusRoutes.status, .status)),
        Route("/openapi.json", .get(ContractRoute.contract, .contract)),
        Route("/metrics", .get(MetricsRoute.metrics, .metrics)),
        Route("/healthz", .get(StatusRoutes.health, .health)),
        Route("/readyz", .get(StatusRoutes.readiness, .readiness)),
    ]

    init() {}

    /// All paths with what their methods do, for `/openapi.json`.
    var paths: [(path: String, operations: [(method: String, operation: Operation)])] {
        routes.map { route in
            (
                route.path.replacing("/*", with: "/{id}"),
                route.methods.map { ($0.name, $0.operation) }
            )
        }
    }

    /// Whether a path, as the table spells it, takes a method.
    func has(_ method: String, _ path: String) -> Bool {
        routes.contains { $0.path == path && $0.takes(method) }
    }

    /// The path of the route that answers a request, as the table spells it; `other` if there is none.
    func name(of head: RequestHead) -> String {
        route(head.routePath)?.path ?? "other"
    }

    /// What is done with a request; nil if nothing is.
    func operation(of head: RequestHead) -> Operation? {
        route(head.routePath)?.method(head)?.operation
    }

    private func route(_ path: String) -> Route? { routes.first { $0.matches(path) } }

    func answer(_ request: Request, _ service: Service) async throws -> Response {
        let path = request.head.routePath
        if request.head.target == "*" { return Response(.noContent) }
        guard let route = route(path) else {
            // OTLP exporters that were given a whole URL post to it as it is.
            let near = NearestName.of(path, among: routes.map(\.path)).first
            throw QueryFailure(
                "not_found",
                "there is no \(path); "
                    + (near.map { "did you mean \($0)?" }
                        ?? "OTLP goes to /v1/traces, and /v1/slices answers"),
                status: .notFound)
        }
        if let method = route.method(request.head) {
            return try await method.handler(request, service)
        }
        if path == "/", request.head.method == "POST" {
            // An exporter that was given this server as the whole address posts here.
            throw QueryFailure(
                "not_found",
                "nothing is sent to /; OTLP goes to /v1/traces, native spans to /v1/spans",
                status: .notFound)
        }
        var response =
            request.head.method == "OPTIONS"
            ? Response(.noContent)
            : Response.failure(
                QueryFailure(
                    "method_not_allowed", "\(path) takes \(route.allowed)",
                    status: .methodNotAllowed))
        response.fields.set("Allow", route.allowed)
        return response
    }
}

extension RequestHead {
    /// The path without slashes at its end.
    fileprivate var routePath: String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension Routes.Route {
    fileprivate func method(_ head: RequestHead) -> Routes.Method? {
        let name = head.method == "HEAD" ? "GET" : head.method
        return methods.first { $0.name == name }
    }

    fileprivate func matches(_ wanted: String) -> Bool {
        guard path.hasSuffix("/*") else { return path == wanted }
        let prefix = path.dropLast()
        let rest = wanted.dropFirst(prefix.count)
        return wanted.hasPrefix(prefix) && !rest.isEmpty && !rest.contains("/")
    }

    fileprivate func takes(_ method: String) -> Bool { methods.contains { $0.name == method } }

    fileprivate var allowed: String {
        var names = methods.map(\.name).sorted()
        if takes("GET") { names.append("HEAD") }
        return (names + ["OPTIONS"]).joined(separator: ", ")
    }
}
