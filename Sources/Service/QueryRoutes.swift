internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store
internal import Wire

/// Answers questions: parameters → query → store → body.
enum QueryRoutes {
    static func slices(_ request: Request, _ service: Service) async throws -> Response {
        let slices = try SlicesRequest(try parameters(request))
        try slices.check(try await service.store.names())
        var answer = try await service.store.slices(slices.query)
        answer.coverage.add(service.store.ledger)
        var response = Response.json(slices.body(answer))
        if slices.format == .rows {
            response.fields.set("Everyspan-Coverage", answer.coverage.header)
        }
        return response
    }

    static func spans(_ request: Request, _ service: Service) async throws -> Response {
        let spans = try SpansRequest(try parameters(request))
        var answer = try await service.store.spans(spans.query)
        answer.coverage.add(service.store.ledger)
        return .json(spans.body(answer))
    }

    static func trace(_ request: Request, _ service: Service) async throws -> Response {
        var path = request.head.path
        while path.hasSuffix("/") { path.removeLast() }
        let id = String(path.split(separator: "/").last ?? "")
        let accept = request.head.fields[.accept] ?? ""
        let trace = try TraceRequest(
            id: id, try urlParameters(request),
            acceptsProtobuf: accept.contains("application/x-protobuf"))
        let found =
            if let whole = trace.wholeID { [whole] } else {
                try await service.store.traceIDs(prefix: trace.prefix, limit: 4)
            }
        guard found.count < 2 else {
            throw QueryFailure(
                "ambiguous_trace_id",
                "\(id) begins several trace ids: "
                    + found.map { Hex.text($0) }.sorted().prefix(3).joined(separator: ", "))
        }
        guard let id = found.first, let rows = try await service.store.trace(id) else {
            throw QueryFailure("not_found", "no trace begins with \(id)", status: .notFound)
        }
        switch trace.format {
        case .json:
            let scores = try await service.store.scores(of: rows, id: id)
            return .json(TraceRequest.body(rows, scores, id: id, service.store.ledger))
        case .otlp:
            if accept.contains("application/json") {
                return .json(exportRequest(json: rows.batch))
            }
            var fields = HTTPFields()
            fields[.contentType] = "application/x-protobuf"
            return Response(.ok, fields, body: .bytes(exportRequest(protobuf: rows.batch)))
        }
    }

    // MARK: Parameters

    private static func urlParameters(_ request: Request) throws -> Parameters {
        var parameters = Parameters()
        if let query = request.head.query { try parameters.add(urlEncoded: query) }
        return parameters
    }

    /// Of the URL, and of the body if it is posted: a form, or JSON.
    private static func parameters(_ request: Request) throws -> QueryParameters {
        var parameters = try urlParameters(request)
        if request.head.method == "POST" {
            if IngestRoutes.isForm(request) {
                guard let text = String(validating: request.body, as: UTF8.self) else {
                    throw QueryFailure("bad_encoding", "the form is not UTF-8")
                }
                try parameters.add(
                    urlEncoded: text.filter { $0 != "\n" && $0 != "\r\n" }, isForm: true)
            } else if !request.body.isEmpty {
                try parameters.add(json: request.body)
            }
        }
        return QueryParameters(parameters, now: request.receivedAt)
    }
}
