/// Counts of units, and of the traces that they are of.
struct UnitTallies: Sendable {
    var units = Tally()
    /// Traces with a unit, and those with a unit in the target.
    var traces = Tally()

    static func += (tallies: inout UnitTallies, other: UnitTallies) {
        tallies.units += other.units
        tallies.traces += other.traces
    }
}

/// Counts units of a frame, in their order, and the traces that they are of: each once.
struct TraceCounter {
    /// nil if units are traces.
    private let traceOf: [UInt32]?
    private(set) var tallies = UnitTallies()
    private var last = UInt32.max
    private var lastTarget = UInt32.max

    init(_ traceOf: [UInt32]?) { self.traceOf = traceOf }

    @inline(__always)
    mutating func add(_ unit: Int, _ isTarget: Bool) {
        tallies.units.count += 1
        tallies.units.failures += isTarget ? 1 : 0
        let trace = traceOf?[unit] ?? UInt32(truncatingIfNeeded: unit)
        if last != trace {
            last = trace
            tallies.traces.count += 1
        }
        if isTarget, lastTarget != trace {
            lastTarget = trace
            tallies.traces.failures += 1
        }
    }
}
