package import Spans

/// What became of a body's log records.
package struct LogReport: Sendable {
    package var kept: [LogRecord] = []
    /// What those that are evaluations say.
    package var carried = CarriedScores()
    /// Records that belong to no trace and are no GenAI events.
    package var unwanted = 0
    /// Records that do not decode, and why the first does not.
    package private(set) var invalid = 0
    package private(set) var reason: String?

    package init() {}

    package var refused: Int { unwanted + invalid }

    mutating func add(_ record: LogRecord, _ attributes: [AttributeValue.Entry]) {
        let isWanted =
            record.traceID.contains { $0 != 0 } || record.eventName.hasPrefix("gen_ai.")
        guard isWanted else {
            unwanted += 1
            return
        }
        kept.append(record)
        if record.eventName == Evaluation.eventName {
            carried.add(Evaluation(attributes).score(of: record))
        }
    }

    mutating func refuse(_ error: WireError) {
        invalid += 1
        reason = reason ?? error.message
    }
}

/// Reads an `ExportLogsServiceRequest` in protobuf. Each record that is kept becomes a message of its own,
/// with its resource and scope.
package func readLogs(protobuf bytes: UnsafeRawBufferPointer) throws(WireError) -> LogReport {
    var report = LogReport()
    var cursor = ProtobufCursor(bytes)
    while let tag = try cursor.tag() {
        if tag.raw == 1 << 3 | 2 {
            try readResourceLogs(cursor.message(try cursor.range()), into: &report)
        } else {
            try cursor.skip(tag)
        }
    }
    return report
}

/// The fields of a message by number; of each only bytes are kept.
private func fields(
    _ cursor: ProtobufCursor
) throws(WireError) -> [(number: Int, range: Range<Int>)] {
    var cursor = cursor
    var fields: [(number: Int, range: Range<Int>)] = []
    while let tag = try cursor.tag() {
        if tag.wireType == 2 {
            fields.append((tag.field, try cursor.range()))
        } else {
            try cursor.skip(tag)
        }
    }
    return fields
}

private func readResourceLogs(
    _ cursor: ProtobufCursor, into report: inout LogReport
) throws(WireError) {
    let members = try fields(cursor)
    for member in members where member.number == 2 {
        let inner = try fields(cursor.message(member.range))
        for record in inner where record.number == 2 {
            var message = ProtobufWriter()
            for other in members where other.number != 2 {
                message.field(other.number, bytes: cursor.bytes(other.range))
            }
            message.field(2) { scope in
                for other in inner where other.number != 2 {
                    scope.field(other.number, bytes: cursor.bytes(other.range))
                }
                scope.field(2, bytes: cursor.bytes(record.range))
            }
            do throws(WireError) {
                let (log, attributes) = try readRecord(
                    cursor.message(record.range), message.bytes)
                report.add(log, attributes)
            } catch {
                // Its length was sent, so the next record begins where it should.
                report.refuse(error)
            }
        }
    }
}

private func readRecord(
    _ cursor: ProtobufCursor, _ bytes: [UInt8]
) throws(WireError) -> (LogRecord, [AttributeValue.Entry]) {
    var cursor = cursor
    var pairs: [Range<Int>] = []
    var record = LogRecord(
        traceID: [], spanID: [], time: 0, eventName: "", form: .protobuf, bytes: bytes)
    var observed: UInt64 = 0
    while let tag = try cursor.tag() {
        switch tag.raw {
        case 1 << 3 | 1: record.time = try cursor.fixed64()
        case 6 << 3 | 2:
            let pair = try cursor.range()
            pairs.append(pair)
            if let name = try eventName(cursor.message(pair)),
                record.eventName.isEmpty
            {
                record.eventName = name
            }
        case 9 << 3 | 2: record.traceID = Array(try cursor.text())
        case 10 << 3 | 2: record.spanID = Array(try cursor.text())
        case 11 << 3 | 1: observed = try cursor.fixed64()
        case 12 << 3 | 2: record.eventName = String(decoding: try cursor.text(), as: UTF8.self)
        default: try cursor.skip(tag)
        }
    }
    if record.time == 0 { record.time = observed }
    guard record.eventName == Evaluation.eventName else { return (record, []) }
    var table = TableBuilder(EventField.self)
    var ledger = Ledger()
    table.beginRow()
    for pair in pairs { try AttributeReader.read(cursor.message(pair), into: &table, &ledger) }
    return (record, table.attributes(0))
}

/// The older place of an event's name: the attribute `event.name`.
private func eventName(_ pair: ProtobufCursor) throws(WireError) -> String? {
    let members = try fields(pair)
    guard let key = members.last(where: { $0.number == 1 }),
        pair.bytes(key.range).elementsEqual("event.name".utf8),
        let value = members.last(where: { $0.number == 2 })
    else { return nil }
    let text = try fields(pair.message(value.range)).last { $0.number == 1 }
    return text.map { String(decoding: pair.bytes($0.range), as: UTF8.self) }
}
