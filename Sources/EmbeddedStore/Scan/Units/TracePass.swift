internal import Spans

/// Gathers the distinct values of each trace's rows, in the order in which they come; null where there are none.
struct TracePass: Codes.Visitor {
    private let traceEnds: [UInt32]
    private let lists: ListTable?
    /// Where the values of each trace end.
    private(set) var ends: [UInt32] = []
    private(set) var codes: [UInt32] = []

    init(_ traceEnds: [UInt32], _ lists: ListTable?) {
        self.traceEnds = traceEnds
        self.lists = lists
    }

    mutating func visit<Code: FixedWidthInteger>(_ rows: UnsafeBufferPointer<Code>) {
        if let lists { gather(rows, lists) } else { gather(rows) }
    }

    /// A row has one value at most, and a trace of none of them null: that much room is enough.
    private mutating func gather<Code: FixedWidthInteger>(_ rows: UnsafeBufferPointer<Code>) {
        var marks = Marks()
        var ends: [UInt32] = []
        codes = [UInt32](unsafeUninitializedCapacity: rows.count + traceEnds.count) {
            out, written in
            ends = [UInt32](unsafeUninitializedCapacity: traceEnds.count) { ends, count in
                var row = 0
                var at = 0
                for end in traceEnds {
                    let start = at
                    var last: Code = 0
                    while row < Int(end) {
                        let code = rows[row]
                        row &+= 1
                        if code == 0 || code == last { continue }
                        last = code
                        let value = UInt32(truncatingIfNeeded: code)
                        if marks.isNew(value, among: out[start..<at], trace: count) {
                            out[at] = value
                            at &+= 1
                        }
                    }
                    if at == start {
                        out[at] = 0
                        at &+= 1
                    }
                    ends[count] = UInt32(truncatingIfNeeded: at)
                    count &+= 1
                }
                written = at
            }
        }
        self.ends = ends
        // What there was room for may be much more.
        codes = codes.withUnsafeBufferPointer { Array($0) }
    }

    private mutating func gather<Code: FixedWidthInteger>(
        _ rows: UnsafeBufferPointer<Code>, _ lists: ListTable
    ) {
        var marks = Marks()
        ends.reserveCapacity(traceEnds.count)
        codes.reserveCapacity(traceEnds.count)
        var row = 0
        for (trace, end) in traceEnds.enumerated() {
            let start = codes.count
            var last: Code = 0
            while row < Int(end) {
                let code = rows[row]
                row += 1
                if code == 0 || code == last { continue }
                last = code
                lists.forEach(in: Int(code)) { value in
                    let isNew = codes.withUnsafeMutableBufferPointer {
                        marks.isNew(value, among: $0[start...], trace: trace)
                    }
                    if isNew { codes.append(value) }
                }
            }
            if codes.count == start { codes.append(0) }
            ends.append(UInt32(codes.count))
        }
    }
}

/// Which values a trace has already. Few are looked through, which beats hashing; many are marked.
private struct Marks {
    /// By value the last trace that has it, counted from 1.
    private var lastTrace: [UInt32] = []

    private static let fewMax = 64

    /// Whether a trace has not had a value yet.
    ///
    /// - Parameters:
    ///   - known: the values that it has.
    ///   - trace: its number, greater than those before.
    @inline(__always)
    mutating func isNew(
        _ value: UInt32, among known: Slice<UnsafeMutableBufferPointer<UInt32>>, trace: Int
    ) -> Bool {
        if known.count >= Self.fewMax { return isNewAmongMany(value, known, trace) }
        for other in known where other == value { return false }
        return true
    }

    private mutating func isNewAmongMany(
        _ value: UInt32, _ known: Slice<UnsafeMutableBufferPointer<UInt32>>, _ trace: Int
    ) -> Bool {
        let mark = UInt32(trace + 1)
        // The first few were not marked.
        if known.count == Self.fewMax { for other in known { set(other, mark) } }
        if Int(value) < lastTrace.count, lastTrace[Int(value)] == mark { return false }
        set(value, mark)
        return true
    }

    private mutating func set(_ value: UInt32, _ mark: UInt32) {
        if Int(value) >= lastTrace.count {
            let room = max(Int(value) + 1, lastTrace.count * 2)
            lastTrace += repeatElement(0, count: room - lastTrace.count)
        }
        lastTrace[Int(value)] = mark
    }
}
