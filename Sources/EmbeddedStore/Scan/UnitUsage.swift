internal import Spans
internal import Store

/// Tokens and cost of some model calls.
struct Usage {
    var tokensIn = 0
    var tokensOut = 0
    /// US dollars.
    var cost = 0.0
    /// The part of it that was not sent but reckoned from a price table.
    var costEstimated = 0.0
    /// Calls of which no cost is known.
    var unpriced = 0
}

/// Which model calls belong to each matched unit, and what they used.
struct UnitUsage {
    private let calls: ModelCalls
    private let unit: Unit
    /// For each unit where its calls begin in `calls`.
    private var starts: [UInt32] = []
    /// For each unit where its calls end: calls of units that did not match lie in between.
    private var ends: [UInt32] = []

    init(_ units: MatchedUnits, _ fields: FieldResolver, _ times: FrameTimes) throws {
        calls = try ModelCalls.of(fields, times)
        unit = units.unit
        starts.reserveCapacity(units.numbers.count)
        ends.reserveCapacity(units.numbers.count)
        // Units ascend, and so do calls.
        let callRows = calls.rows
        let traceEnds = fields.frame.traceEnds
        var call = 0
        for number in units.numbers {
            let isTrace = units.unit == .trace
            let first = isTrace ? (number == 0 ? 0 : traceEnds[Int(number) - 1]) : number
            let end = isTrace ? traceEnds[Int(number)] : number + 1
            while call < callRows.count, callRows[call] < first { call += 1 }
            starts.append(UInt32(call))
            while call < callRows.count, callRows[call] < end { call += 1 }
            ends.append(UInt32(call))
        }
    }

    /// What all calls of a unit used.
    @inline(__always)
    func total(_ unit: Int) -> Usage {
        var usage = Usage()
        for call in Int(starts[unit])..<Int(ends[unit]) { calls.add(call, to: &usage) }
        return usage
    }

    /// The codes that the model calls have of each field of `by`, where only those that carry a group's
    /// values may count for it; nil for fields that all calls of a unit share.
    func callCodes(_ values: [UnitValues]) -> [[UInt32]?] {
        values.map { values in
            // A span's own call carries the span's values.
            if unit == .span || values.isOfTrace { return nil }
            return calls.rows.map { values.field.codes[Int($0)] }
        }
    }

    /// What those calls of a unit used that themselves carry a group's values; of a field that none of
    /// the unit's calls has, all count.
    ///
    /// - Parameters:
    ///   - codes: the group's value of each field.
    ///   - callCodes: of the same fields.
    @inline(__always)
    func carrying(
        _ unit: Int, _ codes: [UInt32], _ values: [UnitValues], _ callCodes: [[UInt32]?]
    ) -> Usage {
        let range = Int(starts[unit])..<Int(ends[unit])
        if range.isEmpty { return Usage() }
        if allCarry(range, codes, callCodes) { return total(unit) }
        var usage = Usage()
        for call in range where carries(call, of: range, codes, values, callCodes) {
            calls.add(call, to: &usage)
        }
        return usage
    }

    /// Visits those calls, by their number.
    func visitCalls(
        _ unit: Int, _ codes: [UInt32], _ values: [UnitValues], _ callCodes: [[UInt32]?],
        _ body: (Int) -> Void
    ) {
        let range = Int(starts[unit])..<Int(ends[unit])
        let all = allCarry(range, codes, callCodes)
        for call in range where all || carries(call, of: range, codes, values, callCodes) {
            body(call)
        }
    }

    func row(ofCall call: Int) -> Int { Int(calls.rows[call]) }

    /// US dollars, as sent or by the price table; nil where neither says.
    func cost(ofCall call: Int) -> Double? {
        calls.costs[call].isNaN ? nil : calls.costs[call]
    }

    /// The common case: no call of the unit has another value than the group's.
    @inline(__always)
    private func allCarry(
        _ range: Range<Int>, _ codes: [UInt32], _ callCodes: [[UInt32]?]
    ) -> Bool {
        for index in codes.indices where codes[index] != 0 {
            guard let own = callCodes[index] else { continue }
            for call in range where own[call] != codes[index] { return false }
        }
        return true
    }

    private func carries(
        _ call: Int, of range: Range<Int>, _ codes: [UInt32], _ values: [UnitValues],
        _ callCodes: [[UInt32]?]
    ) -> Bool {
        for index in codes.indices where codes[index] != 0 {
            guard let own = callCodes[index] else { continue }
            if !range.contains(where: { own[$0] != 0 }) { continue }
            var hasValue = false
            values[index].field.forEachValue(of: own[call]) { value in
                if value == codes[index] { hasValue = true }
            }
            if !hasValue { return false }
        }
        return true
    }
}

extension ModelCalls {
    @inline(__always)
    fileprivate func add(_ call: Int, to usage: inout Usage) {
        usage.tokensIn += Int(tokensIn[call])
        usage.tokensOut += Int(tokensOut[call])
        if costs[call].isNaN {
            usage.unpriced += 1
        } else {
            usage.cost += costs[call]
            if isEstimated[call] { usage.costEstimated += costs[call] }
        }
    }
}
