internal import HTTP
internal import HTTPTypes
internal import Queries
internal import Spans
internal import Store

/// Spares a dashboard's polls the question and the answer while nothing has changed (RFC 9110, 13.1.2).
///
/// A tag stands for the question as it was understood, its range resolved, and for the content that it is asked
/// of: commits and scores change it, merging does not. It holds for one run of the service.
enum EntityTag {
    /// Answers 304 if the client has the answer already, else what `make` gives, tagged.
    ///
    /// - Parameter ranges: the windows of time, which relative parameters only hint at.
    static func unlessUnchanged(
        _ request: Request, _ service: Service, _ parameters: Parameters,
        ranges: [TimeRange?] = [], make: () async throws -> Response
    ) async throws -> Response {
        // Read before the content is: an answer may be newer than its tag, never older.
        let tag = text(request, service, parameters, ranges)
        if let unchanged = unchanged(request, tag) { return unchanged }
        var response = try await make()
        if response.status == .ok { response.fields[.eTag] = tag }
        return response
    }

    /// The same for what never changes while the service runs.
    static func unlessUnchanged(_ request: Request, _ body: [UInt8], _ type: String) -> Response {
        let tag = text(body)
        if let unchanged = unchanged(request, tag) { return unchanged }
        var response = Response.query(body, type)
        response.fields[.eTag] = tag
        return response
    }

    private static func unchanged(_ request: Request, _ tag: String) -> Response? {
        // RFC 9110, section 13.1.2: only for GET and HEAD.
        guard ["GET", "HEAD"].contains(request.head.method),
            matches(request.head.fields[.ifNoneMatch], tag)
        else { return nil }
        var response = Response(.notModified)
        response.fields[.eTag] = tag
        response.fields[.cacheControl] = "no-cache"
        return response
    }

    private static func text(
        _ request: Request, _ service: Service, _ parameters: Parameters, _ ranges: [TimeRange?]
    ) -> String {
        var coverage = Coverage(range: TimeRange(from: nil, to: nil))
        coverage.add(service.store.ledger)
        let windows = ranges.map { range in
            "\(range?.from ?? .min) \(range?.to ?? .max)"
        }
        let parts =
            [
                request.head.path, request.head.fields[.accept] ?? "",
                service.store.contentVersion, parameters.textWithoutTimes,
                "\(coverage.refused) \(coverage.late) \(coverage.truncatedValues)",
            ] + windows
        return text(Array(parts.joined(separator: "\0").utf8))
    }

    private static func text(_ bytes: [UInt8]) -> String {
        // Two seeds: 64 bits alone would leave a chance worth mentioning.
        let (first, second) = bytes.withUnsafeBytes {
            (hashBytes($0), hashBytes($0, seed: 0x9e37_79b9_7f4a_7c15))
        }
        return "\"\(String(first, radix: 16))\(String(second, radix: 16))\""
    }

    private static func matches(_ header: String?, _ tag: String) -> Bool {
        guard let header else { return false }
        return header.split(separator: ",").contains { part in
            let given = part.drop { $0 == " " }.prefix { $0 != " " }
            return given == "*" || given == tag
        }
    }
}
