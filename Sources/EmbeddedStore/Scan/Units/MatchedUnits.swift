internal import Spans
internal import Store

/// The traces or spans of a frame that lie in a query's range and satisfy its condition.
struct MatchedUnits: Sendable {
    let unit: Unit
    let selection: UnitSelection
    /// By the number of a unit, of those that did not match too.
    let hasFailed: [Bool]
    let spanCount: Int
    /// Traces without a root.
    let openTraces: Int
    /// No unit of the frame starts later.
    let newestStart: Int64
    private let fields: FieldResolver

    /// By the number of a unit. Looked up where they are needed: most questions take whole frames.
    func starts() throws -> UnitStarts { try fields.starts(unit) }

    /// - Parameter ids: of the same units.
    func examples(_ ids: TraceIDs) throws -> ExampleUnits {
        let starts = try starts()
        return ExampleUnits(
            hasFailed: hasFailed, starts: starts.starts, traces: ids.numbers,
            lastStarts: starts.lastStarts)
    }

    var count: Int { selection.count }

    init(
        _ query: SliceQuery, _ fields: FieldResolver,
        percentiles: [Double: Double]
    ) throws {
        unit = query.unit
        self.fields = fields
        let frame = fields.frame
        let evaluator = ConditionEvaluator(
            fields, unit: unit, failure: query.failure, percentiles: percentiles)
        let matches = try query.condition.map { try evaluator.units($0) }
        hasFailed = try evaluator.units(query.failure)
        let selection = try Self.select(matches, query.range, fields, unit)
        self.selection = selection
        newestStart = try frame.lasting?.startMax ?? fields.starts(unit).newest
        switch unit {
        case .span:
            spanCount = selection.count
            openTraces = 0
        case .trace:
            let rootRows = try fields.traceTimes().rootRows
            var spans = 0
            var open = 0
            frame.traceEnds.withUnsafeBufferPointer { ends in
                selection.visit { _, trace in
                    spans += Int(ends[trace] - (trace == 0 ? 0 : ends[trace - 1]))
                    open += rootRows[trace] < 0 ? 1 : 0
                }
            }
            spanCount = spans
            openTraces = open
        }
    }

    private static func select(
        _ matches: [Bool]?, _ range: TimeRange, _ fields: FieldResolver, _ unit: Unit
    ) throws -> UnitSelection {
        let frame = fields.frame
        let isWithin =
            range == TimeRange(from: nil, to: nil)
            || frame.lasting.map { range.contains($0.startMin) && range.contains($0.startMax) }
                ?? false
        if isWithin, matches == nil { return try present(in: frame, unit) }
        let unitCount = unit == .trace ? frame.traceCount : frame.spanCount
        var wanted = matches ?? [Bool](repeating: true, count: unitCount)
        if !isWithin {
            let starts = try fields.starts(unit).starts
            for number in wanted.indices where wanted[number] {
                wanted[number] = range.contains(starts[number])
            }
        }
        let skipped = frame.skipped ?? []
        for trace in skipped.indices where skipped[trace] {
            for number in unit == .trace ? trace..<trace + 1 : frame.rows(of: trace) {
                wanted[number] = false
            }
        }
        let numbers = Truths.numbers(of: wanted)
        return numbers.count == unitCount ? .all(numbers.count) : .some(numbers)
    }

    /// The units of a frame that no other frame counts.
    private static func present(in frame: any Frame, _ unit: Unit) throws -> UnitSelection {
        guard let skipped = frame.skipped else {
            return .all(unit == .trace ? frame.traceCount : frame.spanCount)
        }
        func make() -> UnitSelection {
            var runs = UnitRuns()
            for trace in 0..<frame.traceCount where !skipped[trace] {
                runs.append(unit == .trace ? trace..<trace + 1 : frame.rows(of: trace))
            }
            return runs.selection
        }
        guard let lasting = frame.lasting else { return make() }
        return try frame.derived("\(unit)s but for \(lasting.skippedMark)", make: make)
    }

    /// By the number of a unit, in nanoseconds.
    func durations() throws -> [UInt64] {
        unit == .trace
            ? try fields.traceTimes().durations : try SpanDurations.of(fields.frame)
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
