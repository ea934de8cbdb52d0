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
        spans = pass.spans
        traces = pass.traces
        isUsed = pass.isUsed
    }

    private struct Pass: Codes.Visitor {
        let units: CountedUnits
        let traceEnds: [UInt32]
        /// For each code the values that it stands for; nil if each is its own.
        let lists: [[UInt32]]?
        var spans: [Tally32]
        var traces: [Tally32]
        var isUsed: [Bool]
        /// By value, one more than the number of the trace that had it last.
        var lastTrace: [UInt32]

        init(_ field: ResolvedField, _ units: CountedUnits, _ traceEnds: [UInt32]) {
            self.units = units
            self.traceEnds = traceEnds
            lists = field.lists
            let count = field.values.count + 1
            spans = [Tally32](repeating: Tally32(), count: count)
            traces = spans
            isUsed = [Bool](repeating: false, count: count)
            lastTrace = [UInt32](repeating: 0, count: count)
        }

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            let (units, traceEnds, lists) = (units, traceEnds, lists)
            units.spans.hasFailed.withUnsafeBufferPointer { spanFailures in
                spans.withUnsafeMutableBufferPointer { spans in
                    traces.withUnsafeMutableBufferPointer { traces in
                        isUsed.withUnsafeMutableBufferPointer { isUsed in
                            lastTrace.withUnsafeMutableBufferPointer { lastTrace in
                                var row = 0
                                for (trace, end) in traceEnds.enumerated() {
                                    let isApart = units.isApart?[trace] == true
                                    let traceFailed = units.traces.hasFailed[trace]
                                    let mark = UInt32(trace) + 1
                                    var hasAny = false
                                    @inline(__always)
                                    func add(_ value: Int, _ spanFailed: Bool) {
                                        isUsed[value] = true
                                        if isApart { return }
                                        spans[value].add(spanFailed)
                                        if value == 0 { return }
                                        hasAny = true
                                        if lastTrace[value] != mark {
                                            lastTrace[value] = mark
                                            traces[value].add(traceFailed)
                                        }
                                    }
                                    while row < Int(end) {
                                        let code = Int(codes[row])
                                        if let lists, code > 0 {
                                            for value in lists[code] {
                                                add(Int(value), spanFailures[row])
                                            }
                                        } else {
                                            add(code, spanFailures[row])
                                        }
                                        row += 1
                                    }
                                    if !hasAny, !isApart { traces[0].add(traceFailed) }
                                }
                            }
                        }
                    }
                }
            }
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
