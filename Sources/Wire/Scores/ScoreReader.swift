internal import JSON
package import Spans

/// What became of a body's scores.
package struct ScoreReport: Sendable {
    package var scores: [Score] = []
    package var report = ReadReport()
}

/// Reads native scores: a JSON object, an array, `{"scores":[…]}`, or several in a row (docs/API.md,
/// "Scores"). One that is wrong is refused with its reason; where nothing can be read at all it throws.
package func readScores(
    _ bytes: UnsafeRawBufferPointer, receipt: Receipt
) throws(WireError) -> ScoreReport {
    var result = ScoreReport()
    var cursor = JSONCursor(bytes)
    var ledger = LedgerCounts()
    do throws(JSONError) {
        if cursor.isAtEnd() { throw cursor.error("expected a score") }
        while !cursor.isAtEnd() {
            let start = cursor.offset
            let kind = try cursor.kind()
            do throws(JSONError) {
                result.add(try JSONTree.value(&cursor, &ledger), receipt)
            } catch {
                // The rest of an array is lost with it; a line is lost alone.
                if kind == .array { throw error }
                result.report.refuse("not JSON: \(error.message)")
                if !cursor.recoverAtNextLine(from: start) {
                    if result.report.accepted == 0 { throw error }
                    break
                }
            }
        }
    } catch {
        throw WireError(error)
    }
    return result
}

extension ScoreReport {
    fileprivate mutating func add(_ value: AttributeValue, _ receipt: Receipt) {
        switch value {
        case .array(let elements): for element in elements { addOne(element, receipt) }
        case .map(let entries):
            if entries.count == 1, entries[0].key == "scores",
                case .array(let list) = entries[0].value
            {
                for element in list { addOne(element, receipt) }
            } else {
                addOne(value, receipt)
            }
        default: addOne(value, receipt)
        }
    }

    private mutating func addOne(_ value: AttributeValue, _ receipt: Receipt) {
        guard case .map(let entries) = value else { return report.refuse("expected an object") }
        switch NativeScore(entries).score(receipt) {
        case .success(let score):
            scores.append(score)
            report.accepted += 1
        case .failure(let fault): report.refuse(fault.reason)
        }
    }
}

/// The members of one score as they were sent.
private struct NativeScore {
    struct Fault: Error { let reason: String }

    static let members = [
        "trace_id", "span_id", "response_id", "name", "value", "label", "comment", "source", "by",
        "time",
    ]
    private let entries: [AttributeValue.Entry]

    init(_ entries: [AttributeValue.Entry]) { self.entries = entries }

    func score(_ receipt: Receipt) -> Result<Score, Fault> {
        do throws(Fault) { return .success(try read(receipt)) } catch { return .failure(error) }
    }

    private func read(_ receipt: Receipt) throws(Fault) -> Score {
        // A typing mistake would lose what was meant.
        if let other = entries.first(where: { !Self.members.contains($0.key) }) {
            throw Fault(
                reason: "\(other.key) is no member of a score; they are "
                    + Self.members.joined(separator: ", "))
        }
        guard let name = try text("name") else { throw Fault(reason: "name is missing") }
        guard name.utf8.count <= Score.nameBytesMax else {
            throw Fault(reason: "name is longer than \(Score.nameBytesMax) bytes")
        }
        let label = try text("label")
        let value = try value()
        if value == nil, label == nil { throw Fault(reason: "it has neither value nor label") }
        var score = Score(
            target: try target(), name: name, value: value, label: label, time: try time(receipt))
        score.comment = try text("comment") ?? ""
        score.source = try text("source")?.lowercased() ?? ""
        score.evaluator = try text("by") ?? ""
        return score
    }

    private func member(_ name: String) -> AttributeValue? {
        let value = entries.last { $0.key == name }?.value
        return value == .empty ? nil : value
    }

    private func text(_ name: String) throws(Fault) -> String? {
        guard let value = member(name) else { return nil }
        guard case .string(let text) = value else { throw Fault(reason: "\(name) is no text") }
        return text.isEmpty ? nil : text
    }

    private func value() throws(Fault) -> Double? {
        switch member("value") {
        case nil: return nil
        case .int(let number)?: return Double(number)
        case .double(let number)? where number.isFinite: return number
        case .bool(let flag)?: return flag ? 1 : 0
        case .string?: throw Fault(reason: "value is a number or a boolean; text goes into label")
        default: throw Fault(reason: "value is no number")
        }
    }

    private func target() throws(Fault) -> Score.Target {
        if let response = try text("response_id") {
            if member("trace_id") != nil || member("span_id") != nil {
                throw Fault(reason: "response_id takes the place of trace_id and span_id")
            }
            return .response(response)
        }
        guard let trace = try text("trace_id") else {
            throw Fault(reason: "trace_id or response_id is missing")
        }
        guard let traceID = Hex.bytes(trace).flatMap({ UInt128(traceID: $0) }) else {
            throw Fault(reason: "trace_id has not 32 hexadecimal digits, or is all zeros")
        }
        guard let span = try text("span_id") else { return .span(traceID: traceID, spanID: 0) }
        guard let spanID = Hex.bytes(span).flatMap({ UInt64(spanID: $0) }), spanID != 0 else {
            throw Fault(reason: "span_id has not 16 hexadecimal digits, or is all zeros")
        }
        return .span(traceID: traceID, spanID: spanID)
    }

    private func time(_ receipt: Receipt) throws(Fault) -> Int64 {
        let time: Int64?
        switch member("time") {
        case nil: time = Int64(clamping: receipt.time)
        case .string(let text)?: time = Timestamp.nanoseconds(text)
        case .int(let number)?: time = UnixTime.nanoseconds(Double(number), exact: number)
        case .double(let number)?: time = UnixTime.nanoseconds(number, exact: nil)
        default: time = nil
        }
        guard let time, time >= 0 else {
            throw Fault(reason: "time is neither RFC 3339 nor a Unix number")
        }
        if UInt64(time) < receipt.oldestStart {
            throw Fault(reason: "the score is older than what is retained")
        }
        return time
    }
}

/// Unix numbers in seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
private enum UnixTime {
    static func nanoseconds(_ value: Double, exact: Int64?) -> Int64? {
        guard value >= 0, value < 9e18 else { return nil }
        if value >= 1e17 { return exact ?? Int64(value) }
        let factor: Int64 = value < 1e11 ? 1_000_000_000 : value < 1e14 ? 1_000_000 : 1000
        guard let exact else {
            let scaled = (value * Double(factor)).rounded()
            return scaled < 9.2e18 ? Int64(scaled) : nil
        }
        let (product, overflow) = exact.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
