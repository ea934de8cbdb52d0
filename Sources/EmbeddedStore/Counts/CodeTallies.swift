internal import Spans
internal import Store

/// Counts and failures of spans and traces for each code of a field, in one pass over its rows.
struct CodeTallies {
    private(set) var spans: [Tally32]
    private(set) var traces: [Tally32]
    /// By value: whether some row has it, one of a trace that is not counted too.
    private(set) var isUsed: [Bool]

    /// A tally of a segment, of which no count exceeds 32 bits.
    struct Tally32 {
        var count: UInt32 = 0
        var failures: UInt32 = 0

        @inline(__always)
        mutating func add(_ hasFailed: Bool) {
            count &+= 1
            failures &+= hasFailed ? 1 : 0
        }
    }

    init(_ field: ResolvedField, _ units: CountedUnits, traceEnds: [UInt32]) {
        var pass = Pass(field, units, traceEnds)
        field.codes.visit(&pass)
        spans = pass.values.map(\.spans)
        traces = pass.values.map(\.traces)
        isUsed = pass.values.map(\.isUsed)
    }

    /// What a pass knows of one value.
    private struct Value {
        var spans = Tally32()
        var traces = Tally32()
        /// One more than the number of the trace that had it last.
        var lastTrace: UInt32 = 0
        var isUsed = false

        @inline(__always)
        mutating func add(_ spanFailed: Bool, _ trace: UInt32, _ traceFailed: Bool) {
            spans.add(spanFailed)
            if lastTrace != trace {
                lastTrace = trace
                traces.add(traceFailed)
            }
        }
    }

    private struct Pass: Codes.Visitor {
        let units: CountedUnits
        let traceEnds: [UInt32]
        /// For each code the values that it stands for; nil if each is its own.
        let lists: ListTable?
        var values: [Value]

        init(_ field: ResolvedField, _ units: CountedUnits, _ traceEnds: [UInt32]) {
            self.units = units
            self.traceEnds = traceEnds
            lists = field.lists
            values = [Value](repeating: Value(), count: field.values.count + 1)
        }

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            values.withUnsafeMutableBufferPointer { values in
                units.spans.hasFailed.withUnsafeBufferPointer { spanFailed in
                    units.traces.hasFailed.withUnsafeBufferPointer { traceFailed in
                        Loop(
                            units: units, lists: lists, values: values, spanFailed: spanFailed,
                            traceFailed: traceFailed
                        ).run(codes, traceEnds)
                    }
                }
            }
        }
    }

    /// The pass itself, over what does not move meanwhile.
    private struct Loop {
        let units: CountedUnits
        let lists: ListTable?
        let values: UnsafeMutableBufferPointer<Value>
        let spanFailed: UnsafeBufferPointer<Bool>
        let traceFailed: UnsafeBufferPointer<Bool>

        func run<Code: FixedWidthInteger>(
            _ codes: UnsafeBufferPointer<Code>, _ traceEnds: [UInt32]
        ) {
            let rowCount = Int(traceEnds.last ?? 0)
            precondition(codes.count >= rowCount && spanFailed.count >= rowCount)
            precondition(traceFailed.count >= traceEnds.count)
            var row = 0
            for (trace, end) in traceEnds.enumerated() {
                let rows = row..<Int(end)
                row = Int(end)
                if units.isApart?[trace] == true {
                    for row in rows { visitValues(Int(codes[row])) { values[$0].isUsed = true } }
                    continue
                }
                let traceFailed = traceFailed[trace]
                var hasAny = false
                for row in rows {
                    let code = Int(codes[row])
                    let spanFailed = spanFailed[row]
                    if code == 0 {
                        values[0].spans.add(spanFailed)
                        continue
                    }
                    hasAny = true
                    visitValues(code) {
                        values[$0].isUsed = true
                        values[$0].add(spanFailed, UInt32(trace) + 1, traceFailed)
                    }
                }
                // Null is a trace's value only where it has no other.
                if !hasAny { values[0].traces.add(traceFailed) }
            }
        }

        @inline(__always)
        private func visitValues(_ code: Int, _ body: (Int) -> Void) {
            guard let lists, code > 0 else { return body(code) }
            lists.forEach(in: code) { body(Int($0)) }
        }
    }

    /// Counts and failures of traces for each code that they have, one each.
    static func ofTraces(_ codes: Codes, codeCount: Int, _ units: CountedUnits) -> [Tally32] {
        var tallies = [Tally32](repeating: Tally32(), count: codeCount)
        units.traces.selection.visit { _, trace in
            tallies[Int(codes[trace])].add(units.traces.hasFailed[trace])
        }
        return tallies
    }
}
