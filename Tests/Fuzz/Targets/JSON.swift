import JSON
import Spans
import Wire

/// The JSON cursor by itself, then every reader of JSON over the same bytes.
func json(_ bytes: UnsafeRawBufferPointer) {
    walk(bytes)
    let receipt = Receipt(time: 1_790_000_000_000_000_000)
    var native = SpanBatch()
    var ids = RepeatableIDs(key: "fuzz")
    if let report = try? readNative(bytes, receipt: receipt, random: &ids, into: &native) {
        precondition(report.accepted == native.count)
        check(native)
    }
    if let report = try? readScores(bytes, receipt: receipt) {
        precondition(report.report.accepted == report.scores.count)
    }
    var batch = SpanBatch()
    if let report = try? readTraces(json: bytes, receipt: receipt, into: &batch) {
        precondition(report.accepted == batch.count)
        check(batch)
    }
    _ = try? readLogs(json: bytes)
    _ = try? countDataPoints(json: bytes)
}

/// A value is as long for who reads it as for who passes it over.
private func walk(_ bytes: UnsafeRawBufferPointer) {
    var cursor = JSONCursor(bytes)
    while !cursor.isAtEnd() {
        var other = cursor
        guard (try? other.skip()) != nil else {
            precondition(other.offset <= bytes.count)
            precondition((try? value(&cursor)) == nil)
            return
        }
        precondition((try? value(&cursor)) != nil)
        precondition(cursor.offset == other.offset)
    }
}

private func value(_ cursor: inout JSONCursor) throws(JSONError) {
    switch try cursor.kind() {
    case .object:
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            _ = key.decodedString
            try value(&cursor)
        }
    case .array:
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) { try value(&cursor) }
    case .string: _ = try cursor.string().decodedString
    case .number: _ = try cursor.number().uint64
    case .boolean: _ = try cursor.boolean()
    case .null: try cursor.null()
    }
}
