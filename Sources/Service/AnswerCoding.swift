internal import Dispatch
internal import HTTP
internal import HTTPTypes
internal import Zlib

/// Sends answers compressed to clients that ask for it (RFC 9110, 12.5.3).
enum AnswerCoding {
    /// Shorter answers fit into a packet or two as they are.
    static let bytesMin = 1024
    /// Of a megabyte of rows level 1 leaves 39 % in 9 ms, level 6 34 % in 28 ms.
    private static let level: Int32 = 1

    /// Replies to these stay plain: exporters ask for gzip by habit, and not all of them inflate.
    private static let ingestPaths: Set<String> = [
        "/v1/traces", "/v1/logs", "/v1/metrics", "/v1/spans", "/v1/scores",
    ]

    private static let queue = DispatchQueue(
        label: "everyspan.answers", qos: .userInitiated, attributes: .concurrent)

    /// Compresses an answer's body where the request allows it. What is streamed stays as it is.
    static func apply(to response: inout Response, of request: Request) async {
        guard !isIngest(request), case .bytes(let body) = response.body else { return }
        addVary(&response)
        guard accepts(request.head.fields[.acceptEncoding]) else { return }
        if response.status.code == 304 { weakenTag(&response) }
        guard body.count >= bytesMin, response.fields[.contentEncoding] == nil,
            let coded = await compressed(body), coded.count < body.count
        else { return }
        response.body = .bytes(coded)
        response.fields[.contentEncoding] = "gzip"
        weakenTag(&response)
    }

    /// Both forms of an answer have one tag, which is weak then (RFC 9110, 8.8.3). If-None-Match compares
    /// weakly, so the mark that this put there is taken off again before a route looks at it.
    static func withStrongTags(_ request: Request) -> Request {
        guard let tags = request.head.fields[.ifNoneMatch] else { return request }
        var request = request
        request.head.fields[.ifNoneMatch] = tags.replacing("W/\"", with: "\"")
        return request
    }

    private static func weakenTag(_ response: inout Response) {
        if let tag = response.fields[.eTag], tag.hasPrefix("\"") {
            response.fields[.eTag] = "W/" + tag
        }
    }

    private static func isIngest(_ request: Request) -> Bool {
        var path = request.head.path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return request.head.method == "POST" && ingestPaths.contains(path)
            && !IngestRoutes.isForm(request)
    }

    private static func addVary(_ response: inout Response) {
        let others = response.fields[.vary].map { $0 + ", " } ?? ""
        response.fields[.vary] = others + "Accept-Encoding"
    }

    /// Off the threads that answer other requests: a hundred megabytes take a second.
    private static func compressed(_ body: [UInt8]) async -> [UInt8]? {
        await withCheckedContinuation { answer in
            queue.async {
                answer.resume(returning: try? deflate(body, level: level, format: .gzip))
            }
        }
    }

    /// Whether gzip is wanted at least as much as the plain form. Members that are malformed say nothing.
    static func accepts(_ header: String?) -> Bool {
        var weights: [String: Double] = [:]
        for member in (header ?? "").lowercased().split(separator: ",") {
            let parts = member.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first else { continue }
            var weight: Double? = 1
            for parameter in parts.dropFirst() where parameter.hasPrefix("q=") {
                weight = Double(parameter.dropFirst(2))
            }
            if let weight, (0...1).contains(weight) {
                weights[name == "x-gzip" ? "gzip" : name] = weight
            }
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        return gzip > 0 && gzip >= weights["identity"] ?? 0
    }
}
