internal import Spans
internal import Store

/// The units of some traces of a segment, for counts that are to be stored or corrected.
struct CountedUnits {
    let spans: Kind
    let traces: Kind
    /// By trace, whether it is not one of them; nil if all are.
    let isApart: [Bool]?

    /// Traces by their numbers, ascending.
    enum Choice {
        case allBut([UInt32])
        case only([UInt32])
    }

    struct Kind {
        let selection: UnitSelection
        /// By the number of a unit, of those not chosen too.
        let hasFailed: [Bool]
    }

    init(_ choice: Choice, _ fields: FieldResolver) throws {
        let isApart = Self.isApart(choice, fields.frame.traceCount)
        self.isApart = isApart
        func kind(_ unit: Unit) throws -> Kind {
            let evaluator = ConditionEvaluator(
                fields, unit: unit, failure: SliceQuery.defaultFailure, percentiles: [:])
            return Kind(
                selection: Self.units(unit, of: fields.frame, isApart),
                hasFailed: try evaluator.units(SliceQuery.defaultFailure))
        }
        spans = try kind(.span)
        traces = try kind(.trace)
    }

    subscript(unit: Unit) -> Kind { unit == .trace ? traces : spans }

    private static func isApart(_ choice: Choice, _ traceCount: Int) -> [Bool]? {
        switch choice {
        case .allBut(let apart):
            if apart.isEmpty { return nil }
            var isApart = [Bool](repeating: false, count: traceCount)
            for trace in apart { isApart[Int(trace)] = true }
            return isApart
        case .only(let traces):
            var isApart = [Bool](repeating: true, count: traceCount)
            for trace in traces { isApart[Int(trace)] = false }
            return isApart
        }
    }

    private static func units(
        _ unit: Unit, of frame: any Frame, _ isApart: [Bool]?
    ) -> UnitSelection {
        guard let isApart else {
            return .all(unit == .trace ? frame.traceCount : frame.spanCount)
        }
        var runs = UnitRuns()
        for trace in 0..<frame.traceCount where !isApart[trace] {
            runs.append(unit == .trace ? trace..<trace + 1 : frame.rows(of: trace))
        }
        return runs.selection
    }
}
