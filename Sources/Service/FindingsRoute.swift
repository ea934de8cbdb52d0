internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store

/// `GET /v1/findings`: what the watch has found.
enum FindingsRoute {
    static func findings(_ request: Request, _ service: Service) async throws -> Response {
        let findings = try FindingsRequest(try QueryRoutes.parameters(request))
        var page = findings.page(
            of: try await service.store.findings(FindingsQuery(hasHistory: false)))
        // Their histories are long: only what is shown is read whole.
        let shown = FindingsQuery(ids: page.findings.map(\.id), hasHistory: true)
        page.complete(with: try await service.store.findings(shown))
        let report = await service.watch?()
        var coverage =
            report?.last?.coverage ?? Coverage(range: TimeRange(from: nil, to: nil))
        coverage.add(service.store.ledger)
        var response = Response.query(
            findings.body(page, report, coverage), findings.format.contentType)
        if findings.isCheck, page.hasOpen { response.status = .conflict }
        if !findings.format.hasRoomForCoverage {
            response.fields.set("Everyspan-Coverage", coverage.header)
        }
        return response
    }
}
