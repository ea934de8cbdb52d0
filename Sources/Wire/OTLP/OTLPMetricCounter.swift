internal import JSON

/// How many data points an `ExportMetricsServiceRequest` in protobuf has. They are counted, not kept.
package func countDataPoints(protobuf bytes: UnsafeRawBufferPointer) throws(WireError) -> Int {
    // ResourceMetrics, ScopeMetrics, Metric: field numbers on the way down.
    try countMessages(ProtobufCursor(bytes), path: [[1], [2], [2], [5, 7, 9, 10, 11], [1]])
}

private func countMessages(
    _ cursor: ProtobufCursor, path: ArraySlice<[Int]>
) throws(WireError) -> Int {
    guard let step = path.first else { return 1 }
    var cursor = cursor
    var count = 0
    while let tag = try cursor.tag() {
        if tag.wireType == 2, step.contains(tag.field) {
            count += try countMessages(cursor.message(try cursor.range()), path: path.dropFirst())
        } else {
            try cursor.skip(tag)
        }
    }
    return count
}

/// The same for OTLP/JSON: the elements of all lists `dataPoints`.
package func countDataPoints(json bytes: UnsafeRawBufferPointer) throws(WireError) -> Int {
    var cursor = JSONCursor(bytes)
    do throws(JSONError) {
        let count = try countDataPoints(&cursor, isList: false)
        if !cursor.isAtEnd() { throw cursor.error("expected nothing after the request") }
        return count
    } catch {
        throw WireError(error)
    }
}

/// The cursor bounds how deep this nests.
private func countDataPoints(
    _ cursor: inout JSONCursor, isList: Bool
) throws(JSONError) -> Int {
    var count = 0
    var isFirst = true
    switch try cursor.kind() {
    case .object:
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            count += try countDataPoints(&cursor, isList: key.isNamed("dataPoints", "data_points"))
        }
    case .array:
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            if isList {
                try cursor.skip()
                count += 1
            } else {
                count += try countDataPoints(&cursor, isList: false)
            }
        }
    default: try cursor.skip()
    }
    return count
}
