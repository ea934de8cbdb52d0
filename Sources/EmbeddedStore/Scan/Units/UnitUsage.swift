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

/// Which model calls belong to each unit of a frame, and what they used.
struct UnitUsage: Sendable {
    private let calls: ModelCalls
    private let places: Places
    private let values: [UnitValues]
    /// For each field of a group the codes that the calls have of it, where only those that carry a group's
    /// values may count for it; nil for fields that all calls of a unit share.
    private let callCodes: [[UInt32]?]

    /// - Parameter values: of the fields of `by`.
    init(
        _ unit: Unit, _ values: [UnitValues], _ fields: FieldResolver
    ) throws {
        let calls = try ModelCalls.of(fields)
        let frame = fields.frame
        self.calls = calls
        self.values = values
        places =
            unit == .trace
            ? .ends(
                try frame.derived("call ends by trace") {
                    Self.ends(calls.rows, traceEnds: frame.traceEnds)
                })
            : .ranks(
                try frame.derived("call ranks") {
                    RowRanks(calls.rows, rowCount: frame.spanCount)
                })
        callCodes = values.map { values in
            // A span's own call carries the span's values.
            if unit == .span || values.isOfTrace { return nil }
            return calls.rows.map { values.field.codes[Int($0)] }
        }
    }

    /// Where the calls of each unit are.
    private enum Places {
        /// Of traces, where their calls end.
        case ends([UInt32])
        /// Of spans, which are calls.
        case ranks(RowRanks)
    }

    private static func ends(_ rows: [UInt32], traceEnds: [UInt32]) -> [UInt32] {
        var call = 0
        return traceEnds.map { end in
            while call < rows.count, rows[call] < end { call += 1 }
            return UInt32(call)
        }
    }

    @inline(__always)
    private func range(_ unit: Int) -> Range<Int> {
        switch places {
        case .ends(let ends): (unit == 0 ? 0 : Int(ends[unit - 1]))..<Int(ends[unit])
        case .ranks(let ranks): ranks.range(of: unit)
        }
    }

    @inline(__always)
    func hasCalls(_ unit: Int) -> Bool { !range(unit).isEmpty }

    /// What all calls of a unit used.
    @inline(__always)
    func total(_ unit: Int) -> Usage { total(range(unit)) }

    @inline(__always)
    private func total(_ range: Range<Int>) -> Usage {
        var usage = Usage()
        for call in range { calls.add(call, to: &usage) }
        return usage
    }

    /// What those calls of a unit used that themselves carry a group's values; of a field that none of
    /// the unit's calls has, all count.
    ///
    /// - Parameter codes: the group's value of each field.
    @inline(__always)
    func carrying(_ unit: Int, _ codes: UnsafeBufferPointer<UInt32>) -> Usage {
        let range = range(unit)
        if range.isEmpty { return Usage() }
        if allCarry(range, codes) { return total(range) }
        var usage = Usage()
        for call in range where carries(call, of: range, codes) { calls.add(call, to: &usage) }
        return usage
    }

    /// Visits those calls, by their number.
    func visitCalls(_ unit: Int, _ codes: UnsafeBufferPointer<UInt32>, _ body: (Int) -> Void) {
        let range = range(unit)
        let all = allCarry(range, codes)
        for call in range where all || carries(call, of: range, codes) { body(call) }
    }

    /// Visits all calls of a unit, by their number.
    func visitCalls(_ unit: Int, _ body: (Int) -> Void) { range(unit).forEach(body) }

    func row(ofCall call: Int) -> Int { Int(calls.rows[call]) }

    /// US dollars, as sent or by the price table; nil where neither says.
    func cost(ofCall call: Int) -> Double? {
        let cost = calls.cost(call)
        return cost.isNaN ? nil : cost
    }

    /// The common case: no call of the unit has another value than the group's.
    @inline(__always)
    private func allCarry(_ range: Range<Int>, _ codes: UnsafeBufferPointer<UInt32>) -> Bool {
        for index in codes.indices where codes[index] != 0 {
            guard let own = callCodes[index] else { continue }
            for call in range where own[call] != codes[index] { return false }
        }
        return true
    }

    private func carries(_ call: Int, of range: Range<Int>, _ codes: UnsafeBufferPointer<UInt32>)
        -> Bool
    {
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
        usage.tokensIn += tokensIn[call]
        usage.tokensOut += tokensOut[call]
        let cost = cost(call)
        if cost.isNaN {
            usage.unpriced += 1
        } else {
            usage.cost += cost
            if isEstimated(call) { usage.costEstimated += cost }
        }
    }
}
