internal import Foundation
internal import JSON
internal import Spans
package import Store

extension SlicesRequest {
    /// The answer as bytes: an object with everything around the rows, or the rows alone, flat.
    package func body(_ answer: SliceAnswer) -> [UInt8] {
        var json = JSONWriter()
        switch format {
        case .rows:
            json.array { json in
                for row in answer.rows {
                    json.newline()
                    json.object { json in
                        for (field, value) in zip(query.by, row.key) {
                            json.key(field.description)
                            json.value(value, of: field)
                        }
                        write(row, answer.total, &json)
                    }
                }
            }
        case .json: json.object { write(answer, &$0) }
        }
        json.newline()
        return json.bytes
    }

    private func write(_ answer: SliceAnswer, _ json: inout JSONWriter) {
        json.key("by")
        json.array { json in
            for field in query.by { json.value(field.description) }
        }
        json.member("unit", query.unit.rawValue)
        json.member("failure", query.failure.description)
        json.key("where")
        if let condition = query.condition {
            json.value(condition.description)
        } else {
            json.null()
        }
        json.key("rows")
        json.array { json in
            for row in answer.rows {
                json.newline()
                json.object { json in
                    json.key("slice")
                    json.object { json in
                        for (field, value) in zip(query.by, row.key) {
                            json.key(field.description)
                            json.value(value, of: field)
                        }
                    }
                    write(row, answer.total, &json)
                }
            }
        }
        json.newline()
        json.key("total")
        json.object { write(answer.total, of: answer.total, &$0) }
        json.key("other")
        if let other = answer.other {
            json.object { write(other, of: answer.total, &$0) }
        } else {
            json.null()
        }
        json.member("groups", answer.groups)
        json.member("failing_groups", answer.failingGroups)
        json.key("coverage")
        answer.coverage.write(&json)
    }

    private func write(_ row: SliceRow, _ total: SliceFigures, _ json: inout JSONWriter) {
        json.member("where", RowExpression.of(row.key, query))
        write(row.figures, of: total, &json)
        json.key("traces")
        json.array { json in
            for example in row.figures.examples { json.value(Hex.text(traceID: example.traceID)) }
        }
    }

    private func write(
        _ figures: SliceFigures, of total: SliceFigures, _ json: inout JSONWriter
    ) {
        json.member("count", figures.count)
        json.member("failures", figures.failures)
        json.member("failure_rate", figures.failureRate)
        json.member("failure_rate_low", figures.failureInterval?.low)
        json.member("failure_rate_high", figures.failureInterval?.high)
        json.member("share", ratio(figures.count, total.count))
        json.member("share_of_failures", ratio(figures.failures, total.failures))
        json.member("avg_ms", figures.averageMilliseconds)
        json.member("p50_ms", figures.milliseconds(quantile: 0.5))
        json.member("p95_ms", figures.milliseconds(quantile: 0.95))
        json.member("p99_ms", figures.milliseconds(quantile: 0.99))
        json.member("max_ms", figures.count == 0 ? nil : Double(figures.durationMax) / 1e6)
        json.member("tokens_in", figures.tokensIn)
        json.member("tokens_out", figures.tokensOut)
        json.member("cost", figures.cost.value.roundedTo12Digits)
        json.member("cost_estimated", 0)
        json.member("unpriced_calls", figures.unpricedCalls)
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }
}

extension Double {
    /// Sums of doubles depend on their order beyond some 15 digits; 12 are the same each time.
    var roundedTo12Digits: Double {
        guard self != 0, isFinite else { return self }
        // Through decimal text: scaling by powers of ten would round a second time.
        return Double(String(format: "%.12g", self)) ?? self
    }
}
