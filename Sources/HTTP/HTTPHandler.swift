package import HTTPTypes

/// Answers requests. Knows nothing of sockets.
package protocol HTTPHandler: Sendable {
    /// Decides once the header is there, before any of the body is read and before `100 Continue`.
    func admit(_ head: RequestHead) -> Admission

    /// Answers a request. The task is cancelled when the client has gone.
    func respond(to request: Request) async -> Response

    /// Answers a request that never reaches `respond`: it is malformed, too large or too slow.
    ///
    /// - Parameter head: nil if it was not complete.
    func refuse(_ error: HTTPError, _ head: RequestHead?) -> Response
}

/// What to do with a request whose header is there.
package enum Admission: Sendable {
    /// Read its body of up to so many bytes.
    case read(bodyBytesMax: Int)
    /// Answer at once. The body is not read, so the connection is closed.
    case refuse(Response)
}

/// A request without its body.
package struct RequestHead: Sendable {
    package var method: String
    /// As it was sent: a path with a query, an absolute URL, or `*`.
    package var target: String
    package var fields: HTTPFields
    /// 0 or 1, of HTTP/1.
    package var minorVersion: Int
    /// nil if the body is chunked.
    package var contentLength: Int?
    package var isChunked: Bool
    package var keepsAlive: Bool

    package init(
        method: String, target: String, fields: HTTPFields, minorVersion: Int,
        contentLength: Int?, isChunked: Bool, keepsAlive: Bool
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.minorVersion = minorVersion
        self.contentLength = contentLength
        self.isChunked = isChunked
        self.keepsAlive = keepsAlive
    }

    /// The target's path, not decoded.
    package var path: String { String(origin.prefix { $0 != "?" }) }

    /// What follows the target's first `?`.
    package var query: String? {
        let origin = origin
        guard let mark = origin.firstIndex(of: "?") else { return nil }
        return String(origin[origin.index(after: mark)...])
    }

    /// The target from its path on: an absolute URL loses its scheme and authority (RFC 9112, 3.2.2).
    private var origin: Substring {
        guard !target.hasPrefix("/"), let colon = target.firstRange(of: "://") else {
            return target[...]
        }
        let rest = target[colon.upperBound...]
        return rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
    }
}

/// A request, its body whole.
package struct Request: Sendable {
    package var head: RequestHead
    package var body: [UInt8]
    /// The client's address.
    package var peer: String
    /// Unix nanoseconds, when the header was complete.
    package var receivedAt: UInt64

    package init(head: RequestHead, body: [UInt8], peer: String, receivedAt: UInt64) {
        self.head = head
        self.body = body
        self.peer = peer
        self.receivedAt = receivedAt
    }
}

/// An answer.
package struct Response: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written piece by piece. If it throws, the body is broken off, so that the client notices.
        case stream(@Sendable (any BodyWriter) async throws -> Void)
    }

    package var status: HTTPResponse.Status
    package var fields: HTTPFields
    package var body: Body

    package init(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:], body: Body = .bytes([]))
    {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Where a streamed body is written to.
package protocol BodyWriter: Sendable {
    /// Returns once the client has taken enough of what was written before. Throws when it is gone.
    func write(_ bytes: [UInt8]) async throws
}

/// The client of a streamed answer is gone.
package struct ClientGone: Error {
    package init() {}
}
