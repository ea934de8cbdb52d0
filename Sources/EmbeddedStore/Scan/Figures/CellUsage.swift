internal import Spans
internal import Store

/// Tokens and cost of each cell's model calls.
struct CellUsage {
    private var tokensIn: [Int]
    private var tokensOut: [Int]
    private var costs: [CompensatedSum]
    private var costsEstimated: [CompensatedSum]
    private var unpriced: [Int]

    /// - Parameter groups: of these only calls that carry the values of the unit's group count; nil if all do.
    init(_ map: CellMap, _ usage: UnitUsage, _ groups: UnitGroups?) {
        tokensIn = [Int](repeating: 0, count: map.count)
        tokensOut = tokensIn
        unpriced = tokensIn
        costs = [CompensatedSum](repeating: CompensatedSum(), count: map.count)
        costsEstimated = costs
        map.cellOf.withUnsafeBufferPointer { cellOf in
            map.units.visit { position, unit in
                let cell = Int(cellOf[position])
                if cell < 0 || !usage.hasCalls(unit) { return }
                guard let groups else { return add(usage.total(unit), cell) }
                let used = groups.withCodes(of: Int(groups.groupOf[position])) {
                    usage.carrying(unit, $0)
                }
                add(used, cell)
            }
        }
    }

    @inline(__always)
    private mutating func add(_ used: Usage, _ cell: Int) {
        tokensIn[cell] += used.tokensIn
        tokensOut[cell] += used.tokensOut
        unpriced[cell] += used.unpriced
        if used.cost != 0 { costs[cell].add(used.cost) }
        if used.costEstimated != 0 { costsEstimated[cell].add(used.costEstimated) }
    }

    func write(_ cell: Int, to figures: inout SliceFigures) {
        figures.tokensIn = tokensIn[cell]
        figures.tokensOut = tokensOut[cell]
        figures.unpricedCalls = unpriced[cell]
        figures.cost = costs[cell]
        figures.costEstimated = costsEstimated[cell]
    }
}
