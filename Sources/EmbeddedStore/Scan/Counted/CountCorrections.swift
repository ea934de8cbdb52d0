internal import Store

/// What is to be added to the counts of values, by their number: other traces lie apart than when they were counted.
struct CountCorrections: MemorySized {
    let byNumber: [Int: Tally]
    var byteCount: Int { byNumber.count * 40 }

    init(
        _ values: CountTable, _ moved: TracesMoved, _ unit: Unit, _ field: Field,
        _ fields: FieldResolver
    ) throws {
        var sums: [Int: Tally] = [:]
        let gone = try CountedUnits(.only(moved.gone), fields)
        for share in try values.shares(of: gone, unit, field, fields) {
            sums[share.number, default: Tally()] -= share.tally
        }
        let come = try CountedUnits(.only(moved.come), fields)
        for share in try values.shares(of: come, unit, field, fields) {
            sums[share.number, default: Tally()] += share.tally
        }
        byNumber = sums
    }
}

/// The traces of a frame of which another frame came to have spans since they were counted, and those of which none has any
/// more, by their number.
struct TracesMoved: MemorySized {
    private(set) var gone: [UInt32] = []
    private(set) var come: [UInt32] = []

    var byteCount: Int { (gone.count + come.count) * 4 + 64 }
    var isEmpty: Bool { gone.isEmpty && come.isEmpty }

    /// - Parameter counted: the traces that are not counted.
    init(counted apart: [UInt32], skipped: [Bool]?) {
        guard let skipped else {
            come = apart
            return
        }
        var isApart = [Bool](repeating: false, count: skipped.count)
        for trace in apart { isApart[Int(trace)] = true }
        for trace in skipped.indices where skipped[trace] != isApart[trace] {
            if skipped[trace] { gone.append(UInt32(trace)) } else { come.append(UInt32(trace)) }
        }
    }
}
