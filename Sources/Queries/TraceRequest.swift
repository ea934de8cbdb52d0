internal import JSON
package import Spans
package import Store

/// `/v1/traces/{id}`: how one trace is to be written.
package struct TraceRequest: Sendable {
    package enum Format: String, Sendable { case json, otlp }

    package let format: Format
    /// Hexadecimal digits, lower case: an id, or the beginning of one.
    package let prefix: String

    /// The id, if it is more than the beginning of one.
    package var wholeID: [UInt8]? { prefix.utf8.count == 32 ? Hex.bytes(prefix) : nil }

    package static let parameters = ["format"]
    /// Shorter beginnings of ids match too much.
    package static let prefixMin = 8

    package init(id: String, _ parameters: Parameters, acceptsProtobuf: Bool) throws {
        try parameters.allow(only: Self.parameters)
        prefix = id.lowercased()
        let isHexadecimal = prefix.utf8.allSatisfy { Hex.value($0) != nil }
        guard isHexadecimal, (Self.prefixMin...32).contains(prefix.utf8.count) else {
            throw QueryFailure(
                "bad_trace_id",
                "\(id) is no trace id: it has 32 hexadecimal digits, of which the first 8 or more may be "
                    + "given")
        }
        switch parameters["format"] {
        case nil: format = acceptsProtobuf ? .otlp : .json
        case "json"?: format = .json
        case "otlp"?: format = .otlp
        case let other?:
            throw QueryFailure("bad_format", "format=\(other): it is json or otlp")
        }
    }

    /// The trace as native JSON, children after their parents in order of their starts.
    package static func body(
        _ rows: SpanRows, _ scores: [Score], id: [UInt8], _ ledger: LedgerCounts
    ) -> [UInt8] {
        let writer = SpanJSON(rows)
        var json = JSONWriter()
        json.object { json in
            json.member("trace_id", Hex.text(id))
            json.key("spans")
            json.array { json in
                for row in TraceTree.order(rows.batch) {
                    json.newline()
                    writer.write(row, &json)
                }
            }
            json.newline()
            json.key("scores")
            json.array { json in
                for score in scores { ScoreJSON.write(score, &json) }
            }
            json.key("coverage")
            var coverage = coverage(rows.batch)
            coverage.add(ledger)
            coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private static func coverage(_ batch: SpanBatch) -> Coverage {
        let starts = (0..<batch.count).map {
            Int64(clamping: batch.spans.number(SpanField.start, $0))
        }
        var coverage = Coverage(range: TimeRange(from: nil, to: nil))
        coverage.oldest = starts.min()
        coverage.newest = starts.max()
        coverage.matched = 1
        coverage.spans = batch.count
        let hasRoot = (0..<batch.count).contains {
            batch.spans.number(SpanField.parentSpanID, $0) == 0
        }
        coverage.openTraces = hasRoot ? 0 : 1
        for row in 0..<batch.count {
            for field in [SpanField.droppedAttributes, .droppedEvents, .droppedLinks] {
                coverage.droppedUpstream += Int(batch.spans.number(field, row))
            }
        }
        return coverage
    }
}

/// The order of a trace's spans: depth first, siblings by start and id.
enum TraceTree {
    static func order(_ batch: SpanBatch) -> [Int] {
        let count = batch.count
        let ids = (0..<count).map { batch.spans.number(SpanField.spanID, $0) }
        let starts = (0..<count).map { batch.spans.number(SpanField.start, $0) }
        let rowOf = Dictionary(
            ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var children: [Int: [Int]] = [:]
        var roots: [Int] = []
        for row in 0..<count {
            let parent = rowOf[batch.spans.number(SpanField.parentSpanID, row)]
            if let parent, parent != row {
                children[parent, default: []].append(row)
            } else {
                roots.append(row)
            }
        }
        func sorted(_ rows: [Int]) -> [Int] {
            rows.sorted { (starts[$0], ids[$0]) < (starts[$1], ids[$1]) }
        }
        var order: [Int] = []
        var isListed = [Bool](repeating: false, count: count)
        var stack: [Int] = sorted(roots).reversed()
        // A cycle of parents has no root: its earliest span stands for one.
        var rest = sorted(Array(0..<count)).makeIterator()
        while order.count < count {
            guard let row = stack.popLast() ?? rest.next() else { break }
            if isListed[row] { continue }
            isListed[row] = true
            order.append(row)
            stack += sorted(children[row] ?? []).reversed()
        }
        return order
    }
}
