internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Store

/// The API in one screen: which path and method is answered by what.
struct Routes: Sendable {
    fileprivate typealias Handler = @Sendable (Request, Service) async throws -> Response

    fileprivate struct Route: Sendable {
        let path: String
        var methods: [String: Handler]
    }

    private let routes: [Route] = [
        Route(
            path: "/v1/traces", methods: ["POST": IngestRoutes.traces, "GET": QueryRoutes.traces]),
        Route(path: "/v1/logs", methods: ["POST": IngestRoutes.logs]),
        Route(path: "/v1/metrics", methods: ["POST": IngestRoutes.metrics]),
        Route(path: "/v1/scores", methods: ["POST": ScoreRoutes.scores]),
        Route(path: "/v1/spans", methods: ["POST": IngestRoutes.spans, "GET": QueryRoutes.spans]),
        Route(
            path: "/v1/slices", methods: ["GET": QueryRoutes.slices, "POST": QueryRoutes.slices]),
        Route(
            path: "/v1/series", methods: ["GET": QueryRoutes.series, "POST": QueryRoutes.series]),
        Route(
            path: "/v1/dimensions",
            methods: ["GET": QueryRoutes.dimensions, "POST": QueryRoutes.dimensions]),
        Route(path: "/v1/tail", methods: ["GET": TailRoute.tail]),
        Route(path: "/v1/traces/*", methods: ["GET": QueryRoutes.trace]),
        Route(path: "/", methods: ["GET": HelpRoute.help, "POST": HelpRoute.elsewhere]),
        Route(path: "/v1/status", methods: ["GET": StatusRoutes.status]),
        Route(path: "/metrics", methods: ["GET": MetricsRoute.metrics]),
        Route(path: "/healthz", methods: ["GET": StatusRoutes.health]),
        Route(path: "/readyz", methods: ["GET": StatusRoutes.readiness]),
    ]

    init() {}

    /// Whether a path, as the table spells it, takes a method.
    func has(_ method: String, _ path: String) -> Bool {
        routes.contains { $0.path == path && $0.methods[method] != nil }
    }

    /// The path of the route that answers a request, as the table spells it; `other` if there is none.
    func name(of head: RequestHead) -> String {
        var path = head.path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return routes.first { $0.matches(path) }?.path ?? "other"
    }

    func answer(_ request: Request, _ service: Service) async throws -> Response {
        var path = request.head.path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if request.head.target == "*" { return Response(.noContent) }
        guard let route = routes.first(where: { $0.matches(path) }) else {
            // OTLP exporters that were given a whole URL post to it as it is.
            let near = NearestName.of(path, among: routes.map(\.path)).first
            throw QueryFailure(
                "not_found",
                "there is no \(path); "
                    + (near.map { "did you mean \($0)?" }
                        ?? "OTLP goes to /v1/traces, and /v1/slices answers"),
                status: .notFound)
        }
        let method = request.head.method == "HEAD" ? "GET" : request.head.method
        if let handler = route.methods[method] { return try await handler(request, service) }
        var response =
            method == "OPTIONS"
            ? Response(.noContent)
            : Response.failure(
                QueryFailure(
                    "method_not_allowed", "\(path) takes \(route.allowed)",
                    status: .methodNotAllowed))
        response.fields.set("Allow", route.allowed)
        return response
    }
}

extension Routes.Route {
    fileprivate func matches(_ wanted: String) -> Bool {
        guard path.hasSuffix("/*") else { return path == wanted }
        let prefix = path.dropLast()
        return wanted.hasPrefix(prefix) && wanted.count > prefix.count
    }

    fileprivate var allowed: String {
        var names = methods.keys.sorted()
        if methods["GET"] != nil { names.append("HEAD") }
        return (names + ["OPTIONS"]).joined(separator: ", ")
    }
}
