internal import JSON
internal import Spans

/// Reads an `ExportLogsServiceRequest` as OTLP/JSON. Each record that is kept becomes an object of its own,
/// with its resource and scope.
package func readLogs(json bytes: UnsafeRawBufferPointer) throws(WireError) -> LogReport {
    var reader = LogJSONReader(cursor: JSONCursor(bytes))
    do throws(JSONError) {
        try reader.members { reader, key throws(JSONError) in
            guard key.isNamed("resourceLogs", "resource_logs") else { return false }
            try reader.elements { reader throws(JSONError) in try reader.resourceLogs() }
            return true
        }
        if !reader.cursor.isAtEnd() {
            throw reader.cursor.error("expected nothing after the request")
        }
    } catch {
        throw WireError(error)
    }
    return reader.report
}

private struct LogJSONReader {
    var cursor: JSONCursor
    var report = LogReport()
    private var resource: [UInt8] = Array("{}".utf8)
    private var scope: [UInt8] = Array("{}".utf8)

    init(cursor: JSONCursor) { self.cursor = cursor }

    /// Each member; those that `read` says it has not read are passed over.
    mutating func members(
        _ read: (inout LogJSONReader, JSONString) throws(JSONError) -> Bool
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            let isNull = try cursor.kind() == .null
            let isRead = isNull ? false : try read(&self, key)
            if !isRead { try cursor.skip() }
        }
    }

    mutating func elements(
        _ read: (inout LogJSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try read(&self) }
    }

    /// Keys come in any order: the lists are read in a second pass, when what stands beside is known.
    mutating func resourceLogs() throws(JSONError) {
        resource = Array("{}".utf8)
        let start = cursor
        try members { reader, key throws(JSONError) in
            guard key.equals("resource") else { return false }
            reader.resource = Array(try reader.cursor.rawValue())
            return true
        }
        cursor = start
        try members { reader, key throws(JSONError) in
            guard key.isNamed("scopeLogs", "scope_logs") else { return false }
            try reader.elements { reader throws(JSONError) in try reader.scopeLogs() }
            return true
        }
    }

    private mutating func scopeLogs() throws(JSONError) {
        scope = Array("{}".utf8)
        let start = cursor
        try members { reader, key throws(JSONError) in
            guard key.equals("scope") else { return false }
            reader.scope = Array(try reader.cursor.rawValue())
            return true
        }
        cursor = start
        try members { reader, key throws(JSONError) in
            guard key.isNamed("logRecords", "log_records") else { return false }
            try reader.elements { reader throws(JSONError) in try reader.record() }
            return true
        }
    }

    /// One that is JSON and has members of wrong types is lost alone.
    private mutating func record() throws(JSONError) {
        var end = cursor
        let raw = try end.rawValue()
        do throws(JSONError) {
            try record(raw)
        } catch {
            report.refuse(WireError(error))
        }
        cursor = end
    }

    private mutating func record(_ raw: UnsafeRawBufferPointer) throws(JSONError) {
        let text =
            Array("{\"resource\":".utf8) + resource + Array(",\"scopeLogs\":[{\"scope\":".utf8)
            + scope + Array(",\"logRecords\":[".utf8) + Array(raw) + Array("]}]}".utf8)
        var record = LogRecord(
            traceID: [], spanID: [], time: 0, eventName: "", form: .json, bytes: text)
        var observed: UInt64 = 0
        var pairs: JSONCursor?
        try members { reader, key throws(JSONError) in
            if key.isNamed("traceId", "trace_id") {
                record.traceID = Hex.bytes(try reader.cursor.string().decodedString) ?? []
            } else if key.isNamed("spanId", "span_id") {
                record.spanID = Hex.bytes(try reader.cursor.string().decodedString) ?? []
            } else if key.isNamed("eventName", "event_name") {
                record.eventName = try reader.cursor.string().decodedString
            } else if key.isNamed("timeUnixNano", "time_unix_nano") {
                record.time = try reader.number()
            } else if key.isNamed("observedTimeUnixNano", "observed_time_unix_nano") {
                observed = try reader.number()
            } else if key.equals("attributes") {
                pairs = reader.cursor
                let name = try reader.eventName()
                if record.eventName.isEmpty { record.eventName = name ?? "" }
            } else {
                return false
            }
            return true
        }
        if record.time == 0 { record.time = observed }
        var attributes: [AttributeValue.Entry] = []
        if record.eventName == Evaluation.eventName, var pairs {
            attributes = try Self.attributes(&pairs)
        }
        report.add(record, attributes)
    }

    private static func attributes(
        _ cursor: inout JSONCursor
    ) throws(JSONError) -> [AttributeValue.Entry] {
        var ledger = LedgerCounts()
        var entries: [AttributeValue.Entry] = []
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            var entry = AttributeValue.Entry(key: "", value: .empty)
            var isFirstMember = true
            try cursor.enterObject()
            while let key = try cursor.nextKey(&isFirstMember) {
                if key.equals("key"), try cursor.kind() == .string {
                    entry.key = try cursor.string().decodedString
                } else if key.equals("value") {
                    entry.value = try OTLPAnyValue.read(&cursor, &ledger)
                } else {
                    try cursor.skip()
                }
            }
            entries.append(entry)
        }
        return entries
    }

    private mutating func number() throws(JSONError) -> UInt64 {
        if try cursor.kind() == .string {
            return UInt64(try cursor.string().decodedString) ?? 0
        }
        return try cursor.number().uint64 ?? 0
    }

    private mutating func eventName() throws(JSONError) -> String? {
        var ledger = LedgerCounts()
        guard case .array(let pairs) = try JSONTree.value(&cursor, &ledger) else { return nil }
        for case .map(let pair) in pairs
        where pair.contains(.init(key: "key", value: .string("event.name"))) {
            guard case .map(let value)? = pair.first(where: { $0.key == "value" })?.value,
                case .string(let name)? = value.first(where: { $0.key == "stringValue" })?.value
            else { continue }
            return name
        }
        return nil
    }
}
