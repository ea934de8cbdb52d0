internal import HTTP
internal import HTTPTypes

/// Lets pages of chosen origins send spans and ask (fetch.spec.whatwg.org, "CORS protocol").
struct CORS: Sendable {
    let origins: [String]

    /// The answer to a browser's question before it sends; nil for other requests.
    func preflight(_ head: RequestHead) -> Response? {
        guard head.method == "OPTIONS", let origin = head.fields.value("origin"),
            head.fields.value("access-control-request-method") != nil
        else { return nil }
        var response = Response(.noContent)
        if isAllowed(origin) {
            response.fields.set("Access-Control-Allow-Methods", "GET, HEAD, POST")
            let asked = head.fields.value("access-control-request-headers")
            response.fields.set(
                "Access-Control-Allow-Headers",
                asked ?? "content-type, content-encoding, authorization, x-api-key")
            response.fields.set("Access-Control-Max-Age", "86400")
        }
        response.fields.set("Vary", "Origin, Access-Control-Request-Headers")
        return response
    }

    /// Errors carry the fields too: without them a browser's exporter sees a network error and retries.
    func allow(_ origin: String?, _ response: inout Response) {
        guard let origin, isAllowed(origin) else { return }
        response.fields.set("Access-Control-Allow-Origin", origin)
        response.fields.set(
            "Access-Control-Expose-Headers",
            "Retry-After, Everyspan-Coverage, Everyspan-Cursor, ETag")
        if response.fields.value("vary") == nil { response.fields.set("Vary", "Origin") }
    }

    func isAllowed(_ origin: String) -> Bool {
        origins.contains { pattern in
            if pattern == "*" || pattern == origin { return true }
            let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
            return parts.count == 2 && origin.hasPrefix(parts[0]) && origin.hasSuffix(parts[1])
                && origin.count > parts[0].count + parts[1].count
        }
    }
}
