import JSON

/// A span of an answer as native ingest takes it.
///
/// Answers show more than can be sent: the same times in other words, what a span inherits, and attributes of
/// the resource and scope apart. Those become the span's own where it has none of the key, so that every
/// key reads the same after an import.
enum NativeLine {
    /// Shown beside what was sent, or of no use to ingest.
    private static let shownOnly: Set<String> = [
        "start_time", "duration_ms", "marks", "dimensions", "trace_state", "flags",
    ]

    /// What ingest does not take as an attribute.
    private static let reserved: Set<String> = [
        "trace_id", "span_id", "parent_span_id", "name", "kind", "start_time_unix_nano",
        "end_time_unix_nano", "start_time", "end_time", "duration_ms", "status", "status_message",
        "events", "links",
    ]

    /// The scope's own, beside its attributes.
    private static let ofScope: Set<String> = ["name", "version"]

    /// - Returns: the line with its end.
    static func bytes(of span: [UInt8]) throws -> [UInt8] {
        var json = JSONWriter()
        try span.withUnsafeBytes { bytes in
            var own = Set<String>()
            var others: [(keys: Set<String>, object: JSONCursor)] = []
            try json.object { json in
                var cursor = JSONCursor(bytes)
                var isFirst = true
                try cursor.enterObject()
                while let key = try cursor.nextKey(&isFirst)?.decodedString {
                    switch key {
                    case "attributes": others.insert((reserved, cursor), at: 0)
                    case "resource": others.append((reserved, cursor))
                    case "scope": others.append((reserved.union(ofScope), cursor))
                    case _ where shownOnly.contains(key) || key == "end_time": break
                    default:
                        own.insert(key)
                        json.key(key)
                        json.raw(String(decoding: try cursor.rawValue(), as: UTF8.self))
                        continue
                    }
                    try cursor.skip()
                }
                for other in others {
                    try copy(other.object, except: other.keys, &own, &json)
                }
            }
        }
        json.newline()
        return json.bytes
    }

    private static func copy(
        _ object: JSONCursor, except keys: Set<String>, _ own: inout Set<String>,
        _ json: inout JSONWriter
    ) throws {
        var cursor = object
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst)?.decodedString {
            let value = String(decoding: try cursor.rawValue(), as: UTF8.self)
            guard !keys.contains(key), own.insert(key).inserted else { continue }
            json.key(key)
            json.raw(value)
        }
    }
}
