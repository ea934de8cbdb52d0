import JSON

/// Traces in OTLP/JSON, several in a request, so that their import takes few of them.
struct OTLPLines {
    /// Of a line, unless one trace is longer: small beside the 64 MiB that a body may have.
    static let bytesMax = 1 << 20

    /// Elements of `resourceSpans`, with commas between.
    private var elements: [UInt8] = []

    /// Reads a trace; one that is gone meanwhile is passed over.
    ///
    /// - Returns: how many spans it has.
    mutating func add(_ traceID: String, _ answering: any Answering) async throws -> Int {
        let body: [UInt8]
        do {
            body = try await answering.whole(
                Question(
                    path: "/v1/traces/\(traceID)", parameters: [("format", "otlp")],
                    accept: "application/json"))
        } catch let refusal as Refusal where refusal.status == 404 {
            return 0
        }
        return try body.withUnsafeBytes { bytes in
            var json = JSONCursor(bytes)
            var spans = 0
            try Self.list("resourceSpans", of: &json) { json in
                if !elements.isEmpty { elements.append(UInt8(ascii: ",")) }
                var inner = json
                // Answers break lines between spans; text has no raw ones.
                elements.append(contentsOf: try json.rawValue().lazy.filter { $0 != 10 })
                try Self.list("scopeSpans", of: &inner) { scope in
                    try Self.list("spans", of: &scope) { span in
                        spans += 1
                        try span.skip()
                    }
                }
            }
            return spans
        }
    }

    /// A request and the end of its line, once there is enough for one.
    mutating func takeLine(isLast: Bool = false) -> [UInt8]? {
        guard elements.count >= (isLast ? 1 : Self.bytesMax) else { return nil }
        defer { elements = [] }
        return Array("{\"resourceSpans\":[".utf8) + elements + Array("]}\n".utf8)
    }

    /// Calls `body` at each element of a list that the object at the cursor has.
    private static func list(
        _ name: StaticString, of json: inout JSONCursor, _ body: (inout JSONCursor) throws -> Void
    ) throws {
        var isFirst = true
        try json.enterObject()
        while let key = try json.nextKey(&isFirst) {
            guard key.equals(name) else {
                try json.skip()
                continue
            }
            var isFirst = true
            try json.enterArray()
            while try json.nextElement(&isFirst) { try body(&json) }
        }
    }
}
