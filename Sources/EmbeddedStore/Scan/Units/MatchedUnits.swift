internal import Spans
internal import Store

/// The traces or spans of a frame that lie in a query's range and satisfy its condition.
struct MatchedUnits: Sendable {
    let unit: Unit
    let selection: UnitSelection
    /// By the number of a unit, of those that did not match too.
    let hasFailed: [Bool]
    let starts: [Int64]
    let spanCount: Int
    /// Traces without a root.
    let openTraces: Int
    private let lastStarts: [Int64]
    private let traceDurations: [UInt64]

    /// - Parameter ids: of the same units.
    func examples(_ ids: TraceIDs) -> ExampleUnits {
        ExampleUnits(
            hasFailed: hasFailed, starts: starts, traces: ids.numbers, lastStarts: lastStarts)
    }

    var count: Int { selection.count }

    /// No unit of the frame starts later.
    var newestStart: Int64 { lastStarts.last ?? .min }

    init(
        _ query: SliceQuery, _ fields: FieldResolver,
        percentiles: [Double: Double]
    ) throws {
        unit = query.unit
        let frame = fields.frame
        let times = fields.times
        let evaluator = ConditionEvaluator(
            fields, unit: unit, failure: query.failure, percentiles: percentiles)
        let matches = try query.condition.map { try evaluator.units($0) }
        hasFailed = try evaluator.units(query.failure)
        starts = unit == .trace ? times.traceStarts : times.starts
        traceDurations = times.traceDurations
        lastStarts = unit == .trace ? times.lastTraceStarts : times.lastStarts
        let selection = try Self.select(matches, query.range, starts, times, frame, unit)
        self.selection = selection
        switch unit {
        case .span:
            spanCount = selection.count
            openTraces = 0
        case .trace:
            var spans = 0
            var open = 0
            selection.visit { _, trace in
                spans += frame.rows(of: trace).count
                open += times.rootRows[trace] < 0 ? 1 : 0
            }
            spanCount = spans
            openTraces = open
        }
    }

    private static func select(
        _ matches: [Bool]?, _ range: TimeRange, _ starts: [Int64], _ times: FrameTimes,
        _ frame: any Frame, _ unit: Unit
    ) throws -> UnitSelection {
        let all = try present(in: frame, unit)
        let isWithin = range.contains(times.startMin) && range.contains(times.startMax)
        if isWithin, matches == nil { return all }
        var numbers: [UInt32] = []
        numbers.reserveCapacity(matches == nil ? all.count : 0)
        starts.withUnsafeBufferPointer { starts in
            all.visit { _, unit in
                if matches?[unit] != false, isWithin || range.contains(starts[unit]) {
                    numbers.append(UInt32(unit))
                }
            }
        }
        return numbers.count == starts.count ? .all(numbers.count) : .some(numbers)
    }

    /// The units of a frame that no other frame counts.
    private static func present(in frame: any Frame, _ unit: Unit) throws -> UnitSelection {
        guard let skipped = frame.skipped else {
            return .all(unit == .trace ? frame.traceCount : frame.spanCount)
        }
        func make() -> UnitSelection {
            let traces = (0..<UInt32(frame.traceCount)).filter { !skipped[Int($0)] }
            if unit == .trace { return .some(traces) }
            return .some(traces.flatMap { frame.rows(of: Int($0)).map { UInt32($0) } })
        }
        guard let lasting = frame.lasting else { return make() }
        return try frame.derived("\(unit)s but for \(lasting.skippedMark)", make: make)
    }

    /// By the number of a unit, in nanoseconds.
    func durations(_ frame: any Frame) throws -> [UInt64] {
        unit == .trace ? traceDurations : try SpanDurations.of(frame)
    }

    /// What senders' SDKs dropped, over the matched spans.
    func droppedUpstream(_ frame: any Frame) throws -> Int {
        var dropped = 0
        for field in [SpanField.droppedAttributes, .droppedEvents, .droppedLinks] {
            guard let column = try frame.field(field) else { continue }
            let dense = column.denseNumbers(rowCount: frame.spanCount)
            selection.visit { _, unit in
                let rows = self.unit == .trace ? frame.rows(of: unit) : unit..<unit + 1
                for row in rows { dropped += Int(truncatingIfNeeded: dense[row]) }
            }
        }
        return dropped
    }
}
