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
    private(set) var tallies = UnitTallies()
    private var last = UInt32.max
    private var lastTarget = UInt32.max

    /// - Parameter trace: the number of the unit's trace, or of the unit if it is one.
    @inline(__always)
    mutating func add(_ trace: UInt32, _ isTarget: Bool) {
        tallies.units.count += 1
        tallies.units.failures += isTarget ? 1 : 0
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

/// Of which trace each unit of a frame is, and whether it is in the target, while units are read one by one.
struct UnitReader {
    /// nil if units are traces.
    fileprivate let traceOf: Codes.Reader?
    fileprivate let targets: UnsafeBufferPointer<Bool>

    /// The number of a unit's trace, or of the unit if it is one.
    @inline(__always)
    func trace(of unit: Int) -> UInt32 {
        traceOf?[unit] ?? UInt32(truncatingIfNeeded: unit)
    }

    @inline(__always)
    func isTarget(_ unit: Int) -> Bool { targets[unit] }

    @inline(__always)
    func add(_ unit: Int, to counter: inout TraceCounter) {
        counter.add(trace(of: unit), isTarget(unit))
    }
}

extension ComparedFrame {
    /// Reads units within a call, past which the reader is not to be kept.
    ///
    /// - Parameter traceOf: of spans, by row the number of its trace.
    @inline(__always)
    func reading<R>(traceOf: [UInt32]?, _ body: (UnitReader) throws -> R) rethrows -> R {
        try (traceOf ?? []).withUnsafeBufferPointer { traceOf in
            try isTarget.withUnsafeBufferPointer { isTarget in
                try body(
                    UnitReader(
                        // An empty array has an address too.
                        traceOf: traceOf.isEmpty
                            ? nil : traceOf.baseAddress.map { Codes.Reader($0) },
                        targets: isTarget))
            }
        }
    }

    /// The same where the numbers of traces are kept, in as little room as they need.
    @inline(__always)
    func reading<R>(traceOf: Codes?, _ body: (UnitReader) throws -> R) rethrows -> R {
        try isTarget.withUnsafeBufferPointer { isTarget in
            guard let traceOf else { return try body(UnitReader(traceOf: nil, targets: isTarget)) }
            return try traceOf.reading { try body(UnitReader(traceOf: $0, targets: isTarget)) }
        }
    }
}
