internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Store

/// Streams spans as they are committed, until the client goes away or the service stops.
enum TailRoute {
    /// After so many empty pages, some ten seconds, there is a sign of life: it keeps proxies from closing the
    /// connection, and shows when the client has gone.
    private static let silenceMax = 10

    static func tail(_ request: Request, _ service: Service) async throws -> Response {
        let tail = try TailRequest(try QueryRoutes.parameters(request))
        let source = service.store.tail(tail.query)
        var fields = HTTPFields()
        fields[.contentType] = tail.format.contentType
        fields[.cacheControl] = "no-cache"
        // Proxies gather answers; this one must not wait.
        fields.set("X-Accel-Buffering", "no")
        return Response(
            .ok, fields,
            body: .stream { writer in
                // Proves to the client that it follows before the first span comes.
                try await writer.write(tail.piece(TailPage(rows: nil, skipped: 0)))
                var silence = 0
                while service.accepts {
                    let page = try await source.next()
                    silence = page.isEmpty ? silence + 1 : 0
                    if !page.isEmpty || silence % silenceMax == 0 {
                        try await writer.write(tail.piece(page))
                    }
                }
            })
    }
}
