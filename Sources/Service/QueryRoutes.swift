internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store
internal import Wire

/// Answers questions: parameters → query → store → body.
enum QueryRoutes {
    static func slices(_ request: Request, _ service: Service) async throws -> Response {
        let given = try parameters(request)
        let slices = try SlicesRequest(given)
        return try await tagged(request, service, given, slices.query, slices.isCheck) {
            let answer = try await answer(slices.query, service)
            return rows(slices.body(answer), slices.format, answer, isCheck: slices.isCheck)
        }
    }

    static func series(_ request: Request, _ service: Service) async throws -> Response {
        let given = try parameters(request)
        let series = try SeriesRequest(given)
        return try await tagged(request, service, given, series.query, series.isCheck) {
            let answer = try await answer(series.query, service)
            return rows(series.body(answer), series.format, answer, isCheck: series.isCheck)
        }
    }

    static func compare(_ request: Request, _ service: Service) async throws -> Response {
        let given = try parameters(request)
        let compare = try CompareRequest(given)
        let ranges = [compare.query.range, compare.query.before]
        func make() async throws -> Response {
            try compare.query.check(try await service.store.names())
            var answer = try await service.store.compare(compare.query)
            answer.coverage.add(service.store.ledger)
            var response = Response.query(compare.body(answer), compare.format.contentType)
            if compare.isCheck, compare.shown(answer).count > 0 { response.status = .conflict }
            if !compare.format.hasRoomForCoverage {
                response.fields.set("Everyspan-Coverage", answer.coverage.header)
            }
            return response
        }
        if compare.isCheck { return try await make() }
        return try await EntityTag.unlessUnchanged(
            request, service, given.parameters, ranges: ranges, make: make)
    }

    /// - Parameter isCheck: an alarm must not be taken for unchanged.
    private static func tagged(
        _ request: Request, _ service: Service, _ given: QueryParameters, _ query: SliceQuery,
        _ isCheck: Bool, make: () async throws -> Response
    ) async throws -> Response {
        if isCheck { return try await make() }
        return try await EntityTag.unlessUnchanged(
            request, service, given.parameters, ranges: [query.range, query.before], make: make)
    }

    private static func answer(
        _ query: SliceQuery, _ service: Service
    ) async throws -> SliceAnswer {
        try query.check(try await service.store.names())
        var answer = try await service.store.slices(query)
        answer.coverage.add(service.store.ledger)
        return answer
    }

    /// - Parameter isCheck: whether a row that is left is an alarm, which the status tells.
    private static func rows(
        _ body: [UInt8], _ format: RowFormat, _ answer: SliceAnswer, isCheck: Bool
    ) -> Response {
        var response = Response.query(body, format.contentType)
        if isCheck, answer.groups > 0 { response.status = .conflict }
        if !format.hasRoomForCoverage {
            response.fields.set("Everyspan-Coverage", answer.coverage.header)
        }
        return response
    }

    static func spans(_ request: Request, _ service: Service) async throws -> Response {
        try await list(request, service, of: .span)
    }

    static func traces(_ request: Request, _ service: Service) async throws -> Response {
        try await list(request, service, of: .trace)
    }

    private static func list(
        _ request: Request, _ service: Service, of unit: Unit
    ) async throws -> Response {
        let given = try parameters(request)
        let list = try ListRequest(given, of: unit)
        return try await EntityTag.unlessUnchanged(
            request, service, given.parameters, ranges: [list.query.range]
        ) {
            try list.check(try await service.store.names())
            var answer = try await service.store.list(list.query)
            answer.coverage.add(service.store.ledger)
            var response = Response.query(list.body(answer), list.format.contentType)
            if !list.format.hasRoomForCoverage {
                response.fields.set("Everyspan-Coverage", answer.coverage.header)
                if let next = answer.next { response.fields.set("Everyspan-Cursor", next.text) }
            }
            return response
        }
    }

    static func dimensions(_ request: Request, _ service: Service) async throws -> Response {
        let given = try parameters(request)
        let dimensions = try DimensionsRequest(given)
        return try await EntityTag.unlessUnchanged(
            request, service, given.parameters, ranges: [dimensions.range]
        ) { try await answer(dimensions, service) }
    }

    private static func answer(
        _ dimensions: DimensionsRequest, _ service: Service
    ) async throws -> Response {
        switch dimensions.question {
        case .values(let query):
            let answer = try await answer(query, service)
            return rows(
                dimensions.body(answer, query), dimensions.format, answer, isCheck: false)
        case .all(let query):
            var answer = try await service.store.dimensions(query)
            answer.coverage.add(service.store.ledger)
            var response = Response.query(
                dimensions.body(answer), dimensions.format.contentType)
            if !dimensions.format.hasRoomForCoverage {
                response.fields.set("Everyspan-Coverage", answer.coverage.header)
            }
            return response
        }
    }

    static func trace(_ request: Request, _ service: Service) async throws -> Response {
        var path = request.head.path
        while path.hasSuffix("/") { path.removeLast() }
        let id = String(path.split(separator: "/").last ?? "")
        let accept = request.head.fields[.accept] ?? ""
        let given = QueryParameters(try urlParameters(request), now: request.receivedAt)
        let trace = try TraceRequest(
            id: id, given, acceptsProtobuf: accept.contains("application/x-protobuf"))
        return try await EntityTag.unlessUnchanged(request, service, given.parameters) {
            try await answer(trace, accept, service)
        }
    }

    private static func answer(
        _ trace: TraceRequest, _ accept: String, _ service: Service
    ) async throws -> Response {
        let id = trace.prefix
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
        case .json, .text:
            let scores = try await service.store.scores(of: rows, id: id)
            let other = trace.isCompared ? try await passing(trace, rows, id, service) : nil
            if trace.format == .text {
                return .query(
                    trace.text(rows, scores, id: id, beside: other), RowFormat.text.contentType)
            }
            return .json(trace.json(rows, scores, id: id, beside: other, service.store.ledger))
        case .otlp:
            if accept.contains("application/json") {
                return .json(exportRequest(json: rows.batch))
            }
            var fields = HTTPFields()
            fields[.contentType] = "application/x-protobuf"
            return Response(.ok, fields, body: .bytes(exportRequest(protobuf: rows.batch)))
        }
    }

    /// The nearest trace of the same tenant and prompt that passed; nil if there is none.
    private static func passing(
        _ trace: TraceRequest, _ rows: SpanRows, _ id: [UInt8], _ service: Service
    ) async throws -> SpanRows? {
        var found: [TraceSummary] = []
        for query in trace.passing(like: rows) {
            found += try await service.store.list(query).traces.filter { $0.id != id }
                .prefix(1)
        }
        let start = (0..<rows.batch.count).map {
            Int64(clamping: rows.batch.spans.number(SpanField.start, $0))
        }.min()
        guard let start,
            let nearest = found.min(by: { abs($0.start - start) < abs($1.start - start) })
        else { return nil }
        return try await service.store.trace(nearest.id)
    }

    // MARK: Parameters

    private static func urlParameters(_ request: Request) throws -> Parameters {
        var parameters = Parameters()
        if let query = request.head.query { try parameters.add(urlEncoded: query) }
        return parameters
    }

    /// Of the URL, and of the body if it is posted: a form, or JSON.
    static func parameters(_ request: Request) throws -> QueryParameters {
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
