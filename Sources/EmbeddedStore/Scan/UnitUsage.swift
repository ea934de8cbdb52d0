internal import Spans
internal import Store

/// Tokens and cost of some model calls.
struct Usage {
    var tokensIn = 0
    var tokensOut = 0
    var cost = 0.0
    /// Calls of which no cost is known.
    var unpriced = 0
}

/// Which model calls belong to each matched unit, and what they used.
struct UnitUsage {
    private let calls: ModelCalls
    /// For each unit its calls, as a range of `calls`.
    private var ranges: [Range<Int>] = []

    init(_ units: MatchedUnits, _ fields: FieldResolver, _ times: FrameTimes) throws {
        calls = try ModelCalls.of(fields, times)
        ranges.reserveCapacity(units.numbers.count)
        // Units ascend, and so do calls.
        var call = 0
        for unit in units.numbers {
            let rows =
                units.unit == .trace
                ? fields.frame.rows(of: Int(unit)) : Int(unit)..<Int(unit) + 1
            while call < calls.rows.count, Int(calls.rows[call]) < rows.lowerBound { call += 1 }
            let first = call
            while call < calls.rows.count, Int(calls.rows[call]) < rows.upperBound { call += 1 }
            ranges.append(first..<call)
        }
    }

    /// What all calls of a unit used.
    func all(_ unit: Int) -> Usage {
        var usage = Usage()
        for call in ranges[unit] { add(call, to: &usage) }
        return usage
    }

    /// What those calls of a unit used that themselves carry a group's values; of a field that none of
    /// the unit's calls has, all count.
    func carrying(_ unit: Int, _ codes: [UInt32], _ values: [UnitValues]) -> Usage {
        var usage = Usage()
        let calls = ranges[unit]
        if calls.isEmpty { return usage }
        var isConsidered = [Bool](repeating: false, count: codes.count)
        for (index, values) in values.enumerated() where !values.isOfTrace && codes[index] != 0 {
            isConsidered[index] = calls.contains {
                values.field.codes[Int(self.calls.rows[$0])] != 0
            }
        }
        for call in calls {
            let row = Int(self.calls.rows[call])
            var carries = true
            for index in codes.indices where isConsidered[index] {
                var hasValue = false
                let field = values[index].field
                field.forEachValue(of: field.codes[row]) { value in
                    if value == codes[index] { hasValue = true }
                }
                carries = carries && hasValue
            }
            if carries { add(call, to: &usage) }
        }
        return usage
    }

    private func add(_ call: Int, to usage: inout Usage) {
        usage.tokensIn += Int(calls.tokensIn[call])
        usage.tokensOut += Int(calls.tokensOut[call])
        if calls.costs[call].isNaN {
            usage.unpriced += 1
        } else {
            usage.cost += calls.costs[call]
        }
    }
}
