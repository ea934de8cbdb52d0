internal import JSON
package import Spans
package import Store

/// `/v1/traces/{id}`: how one trace is to be written.
package struct TraceRequest: Sendable {
    package enum Format: String, Sendable, CaseIterable { case json, otlp, text }

    package let format: Format
    /// Whether the nearest trace that passed is to stand beside it.
    package let isCompared: Bool
    private let width: Int
    private let zone: String
    /// Hexadecimal digits, lower case: an id, or the beginning of one.
    package let prefix: String

    /// The id, if it is more than the beginning of one.
    package var wholeID: [UInt8]? { prefix.utf8.count == 32 ? Hex.bytes(prefix) : nil }

    package static let parameters: [Parameter] = [formats, beside, .failure, .width, .zone]
    private static let formats = Parameter(
        "format",
        "json, unless Accept asks for application/x-protobuf; otlp, the lossless form; text for a terminal.",
        .oneOf(Format.allCases.map(\.rawValue)), standard: Format.json.rawValue)
    private static let beside = Parameter(
        "vs", "Beside the nearest trace that passed, of the same tenant and prompt version.",
        .oneOf(["ok"]))
    /// Shorter beginnings of ids match too much.
    package static let prefixMin = 8
    /// Of the path.
    package static let id = Parameter(
        "id", "A trace id, or a beginning of it that only one trace has.",
        .hexadecimal(prefixMin...32))

    /// What a failure is, for the choice of one that passed.
    private let failure: Expression

    package init(id: String, _ query: QueryParameters, acceptsProtobuf: Bool) throws {
        let parameters = query.parameters
        try parameters.allow(only: Self.parameters)
        width = try query.width()
        zone = parameters["tz"] ?? "UTC"
        failure = try query.failure()
        isCompared = parameters["vs"] != nil
        if let other = parameters["vs"], other != "ok" {
            throw QueryFailure("bad_vs", "vs=\(other): of one trace it is ok")
        }
        prefix = id.lowercased()
        let isHexadecimal = prefix.utf8.allSatisfy { Hex.value($0) != nil }
        guard isHexadecimal, (Self.prefixMin...32).contains(prefix.utf8.count) else {
            throw QueryFailure(
                "bad_trace_id",
                "\(id) is no trace id: it has 32 hexadecimal digits, of which the first 8 or more may be "
                    + "given")
        }
        let chosen = Format(rawValue: try query.choice(Self.formats)) ?? .json
        format = parameters["format"] == nil && acceptsProtobuf ? .otlp : chosen
    }

    /// The trace for a terminal.
    package func text(
        _ rows: SpanRows, _ scores: [Score], id: [UInt8], beside other: SpanRows?
    ) -> [UInt8] {
        let comparison = other.map { TraceComparison(rows, beside: $0) }
        let lines = TraceText(
            rows, scores, comparison, isCompared: isCompared, zone: zone, width: width
        ).lines(id: id)
        return DisplayWidth.page(lines)
    }

    /// The trace as native JSON, children after their parents in order of their starts.
    package func json(
        _ rows: SpanRows, _ scores: [Score], id: [UInt8], beside other: SpanRows?,
        _ ledger: LedgerCounts
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("trace_id", Hex.text(id))
            write(rows, &json)
            json.newline()
            json.key("scores")
            json.array { json in
                for score in scores { ScoreJSON.write(score, &json) }
            }
            if isCompared {
                json.key("vs")
                if let other {
                    write(TraceComparison(rows, beside: other), rows, &json)
                } else {
                    json.null()
                }
            }
            json.key("coverage")
            var coverage = Self.coverage(rows.batch)
            coverage.add(ledger)
            coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private func write(_ rows: SpanRows, _ json: inout JSONWriter) {
        let writer = SpanJSON(rows)
        json.key("spans")
        json.array { json in
            for row in TraceTree(rows.batch).order {
                json.newline()
                writer.write(row, &json)
            }
        }
    }

    private func write(
        _ comparison: TraceComparison, _ rows: SpanRows, _ json: inout JSONWriter
    ) {
        let other = comparison.other
        func id(_ row: Int?, _ batch: SpanBatch, _ name: String, _ json: inout JSONWriter) {
            json.key(name)
            guard let row else { return json.null() }
            json.value(Hex.text(spanID: batch.spans.number(SpanField.spanID, row)))
        }
        json.object { json in
            json.member("trace_id", Hex.text(other.batch.spans.bytes(SpanField.traceID, 0)))
            json.key("first_difference")
            if let first = comparison.firstDifference { json.value(first) } else { json.null() }
            json.key("steps")
            json.array { json in
                for step in comparison.steps {
                    json.newline()
                    json.object { json in
                        id(step.this, rows.batch, "span_id", &json)
                        id(step.other, other.batch, "other_span_id", &json)
                        json.key("differs_in")
                        json.array { json in
                            for name in step.differences { json.value(name) }
                        }
                    }
                }
            }
            json.newline()
            write(other, &json)
        }
    }

    // MARK: The nearest that passed

    /// Traces of the same tenant and prompt that passed, before this one and after it, the nearest first.
    package func passing(like rows: SpanRows) -> [ListQuery] {
        let fields = SpanFields(rows)
        let order = TraceTree(rows.batch).order
        var parts: [Expression] = [.not(failure)]
        for name in ["tenant", "prompt.version"] {
            let value = order.lazy.compactMap { fields.values(of: Field(name), $0).first }.first
            if case .text(let text)? = value {
                parts.append(.comparison(Comparison(Field(name), .equal, [.text(text)])))
            }
        }
        let start = order.map { Int64(clamping: rows.batch.spans.number(SpanField.start, $0)) }
            .min()
        let condition = Expression.and(parts)
        return [
            ListQuery(
                .trace, condition: condition, failure: failure,
                range: TimeRange(from: nil, to: start),
                order: .newest, limit: 2),
            ListQuery(
                .trace, condition: condition, failure: failure,
                range: TimeRange(from: start, to: nil),
                order: .oldest, limit: 2),
        ]
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
