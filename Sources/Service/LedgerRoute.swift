internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store

/// Says what was lost, and whose it was. Refused requests change it and no content version does, so it has no tag.
enum LedgerRoute {
    static func ledger(_ request: Request, _ service: Service) async throws -> Response {
        let ledger = try LedgerRequest(try QueryRoutes.parameters(request))
        let answer = try await service.store.ledgerLines()
        let report = ledger.report(answer, coverage: coverage(answer, service))
        var response = Response.query(ledger.body(report), ledger.format.contentType)
        if ledger.isCheck, report.groups > 0 { response.status = .conflict }
        if !ledger.format.hasRoomForCoverage {
            response.fields.set("Everyspan-Coverage", report.coverage.header)
        }
        return response
    }

    /// It rests on all that is held, and on what never was.
    private static func coverage(_ answer: LedgerAnswer, _ service: Service) -> Coverage {
        var coverage = Coverage(range: TimeRange(from: nil, to: nil))
        coverage.oldest = answer.oldest
        coverage.newest = answer.newest
        coverage.matched = answer.spans
        coverage.spans = answer.spans
        let ledger = service.store.ledger
        coverage.droppedUpstream = ledger.sum(LedgerReason.droppedUpstream)
        coverage.add(ledger)
        return coverage
    }
}
