internal import Spans
internal import Store

/// The traces or spans of a frame that lie in a query's range and satisfy its condition.
struct MatchedUnits {
    /// Traces or rows of the frame.
    private(set) var numbers: [UInt32] = []
    /// For each of them.
    private(set) var hasFailed: [Bool] = []
    private(set) var durations: [UInt64] = []
    private(set) var starts: [Int64] = []
    private(set) var spanCount = 0
    private(set) var openTraces = 0
    let unit: Unit

    init(
        _ query: SliceQuery, _ fields: FieldResolver, _ times: FrameTimes,
        percentiles: [Double: Double]
    ) throws {
        unit = query.unit
        let frame = fields.frame
        let evaluator = ConditionEvaluator(
            fields, times, unit: unit, failure: query.failure, percentiles: percentiles)
        let matches = try query.condition.map { try evaluator.units($0) }
        let failures = try evaluator.units(query.failure)
        let skipped = frame.skipped
        func add(_ number: Int, _ start: Int64, _ duration: UInt64) {
            guard query.range.contains(start), matches?[number] != false else { return }
            numbers.append(UInt32(number))
            starts.append(start)
            durations.append(duration)
            hasFailed.append(failures[number])
        }
        switch unit {
        case .trace:
            for trace in 0..<frame.traceCount where skipped?[trace] != true {
                let before = numbers.count
                add(trace, times.traceStarts[trace], times.traceDurations[trace])
                if numbers.count > before {
                    spanCount += frame.rows(of: trace).count
                    if times.rootRows[trace] < 0 { openTraces += 1 }
                }
            }
        case .span:
            for trace in 0..<frame.traceCount where skipped?[trace] != true {
                for row in frame.rows(of: trace) {
                    add(row, times.starts[row], times.durations[row])
                }
            }
            spanCount = numbers.count
        }
    }

    /// What senders' SDKs dropped, over the matched spans.
    func droppedUpstream(_ frame: any Frame) throws -> Int {
        var dropped = 0
        for field in [SpanField.droppedAttributes, .droppedEvents, .droppedLinks] {
            guard let column = try frame.field(field) else { continue }
            let dense = column.denseNumbers(rowCount: frame.spanCount)
            for number in numbers {
                let rows =
                    unit == .trace ? frame.rows(of: Int(number)) : Int(number)..<Int(number) + 1
                for row in rows { dropped += Int(truncatingIfNeeded: dense[row]) }
            }
        }
        return dropped
    }
}
