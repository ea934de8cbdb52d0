/// What a scan sums of some units, mergeable: of what no figure needs it holds nothing.
package struct SliceFigures: Sendable {
    package var count = 0
    package var failures = 0
    /// Nanoseconds, over all units.
    package var durationSum = Int128(0)
    package var durations = QuantileSketch()
    package var durationMax: UInt64 = 0
    package var tokensIn = 0
    package var tokensOut = 0
    package var cost = CompensatedSum()
    /// The part of the cost that follows from a price table.
    package var costEstimated = CompensatedSum()
    package var unpricedCalls = 0
    /// For each field of the plan's numbers.
    package var numbers: [NumberFigures]
    /// For each field of the plan's distinct values, those that were seen, as codes of the query.
    package var distinct: [Set<UInt32>]
    /// Up to `examplesMax` traces: failing ones first, newest first.
    package var examples: [Example] = []

    package static let examplesMax = 3

    package init(_ plan: FigurePlan = FigurePlan()) {
        numbers = plan.numbers.map { NumberFigures($0) }
        distinct = plan.distinct.map { _ in [] }
    }

    /// A trace of a row.
    package struct Example: Hashable, Sendable {
        package var hasFailed: Bool
        package var start: Int64
        /// Its 16 bytes as a big-endian number.
        package var traceID: UInt128

        package init(hasFailed: Bool, start: Int64, traceID: UInt128) {
            self.hasFailed = hasFailed
            self.start = start
            self.traceID = traceID
        }

        func precedes(_ other: Example) -> Bool {
            if hasFailed != other.hasFailed { return hasFailed }
            if start != other.start { return start > other.start }
            return traceID < other.traceID
        }
    }

    package mutating func merge(_ other: SliceFigures) {
        count += other.count
        failures += other.failures
        durationSum += other.durationSum
        durations.merge(other.durations)
        durationMax = max(durationMax, other.durationMax)
        tokensIn += other.tokensIn
        tokensOut += other.tokensOut
        cost.merge(other.cost)
        costEstimated.merge(other.costEstimated)
        unpricedCalls += other.unpricedCalls
        for index in numbers.indices { numbers[index].merge(other.numbers[index]) }
        for index in distinct.indices { distinct[index].formUnion(other.distinct[index]) }
        for example in other.examples { examples.insert(example) }
    }
}

extension [SliceFigures.Example] {
    /// Keeps the first few of all that are inserted, of each trace one.
    package mutating func insert(_ example: Element) {
        if contains(where: { $0.traceID == example.traceID }) {
            // Spans of one trace: the failing one speaks for it.
            removeAll { $0.traceID == example.traceID && example.precedes($0) }
            if contains(where: { $0.traceID == example.traceID }) { return }
        }
        let place = firstIndex { example.precedes($0) } ?? count
        guard place < SliceFigures.examplesMax else { return }
        insert(example, at: place)
        if count > SliceFigures.examplesMax { removeLast() }
    }
}
