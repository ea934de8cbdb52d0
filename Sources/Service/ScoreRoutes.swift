internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store
internal import Wire

/// Takes scores in. 200 only once they are durable and visible.
enum ScoreRoutes {
    static func scores(_ request: Request, _ service: Service) async throws -> Response {
        var parameters = Parameters()
        if let query = request.head.query { try parameters.add(urlEncoded: query) }
        try parameters.allow(only: [])
        let read: ScoreReport
        do {
            let body = try IngestRoutes.inflated(request, service)
            let receipt = IngestRoutes.receipt(request, service)
            read = try body.withUnsafeBytes { try readScores($0, receipt: receipt) }
        } catch let error as WireError {
            try await IngestRoutes.countRefused(service)
            throw QueryFailure("bad_body", error.message)
        } catch let failure as QueryFailure {
            try await IngestRoutes.countRefused(service)
            throw failure
        }
        let replaced = try await service.store.append(read.scores, receivedAt: request.receivedAt)
        var ledger = Ledger()
        ledger.count(.invalidScore, read.report.rejected)
        try await service.store.count(ledger)
        let isRefused = read.report.accepted == 0 && read.report.rejected > 0
        return .json(
            IngestRoutes.nativeReply(read.report, AppendReport(duplicates: replaced)),
            isRefused ? .badRequest : .ok)
    }
}
