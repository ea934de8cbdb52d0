package import Spans

/// The figures of some units, mergeable: what each part of a scan returns.
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
    package var unpricedCalls = 0
    /// Up to `examplesMax` traces: failing ones first, newest first.
    package var examples: [Example] = []

    package static let examplesMax = 3

    package init() {}

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

    package mutating func addExample(_ example: Example) {
        if examples.contains(where: { $0.traceID == example.traceID }) {
            // Spans of one trace: the failing one speaks for it.
            examples.removeAll { $0.traceID == example.traceID && example.precedes($0) }
            if examples.contains(where: { $0.traceID == example.traceID }) { return }
        }
        let place = examples.firstIndex { example.precedes($0) } ?? examples.count
        guard place < Self.examplesMax else { return }
        examples.insert(example, at: place)
        if examples.count > Self.examplesMax { examples.removeLast() }
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
        unpricedCalls += other.unpricedCalls
        for example in other.examples { addExample(example) }
    }
}

/// A sum of doubles that carries along what each addition rounds off (Neumaier 1974).
package struct CompensatedSum: Sendable {
    private var sum = 0.0
    private var lost = 0.0

    package init() {}

    package var value: Double { sum + lost }

    package mutating func add(_ value: Double) {
        let next = sum + value
        lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
        sum = next
    }

    package mutating func merge(_ other: CompensatedSum) {
        add(other.sum)
        lost += other.lost
    }
}

/// One row: a combination of values and its figures.
package struct SliceRow: Sendable {
    /// One value for each field of `by`.
    package var key: [GroupValue]
    package var figures: SliceFigures

    package init(key: [GroupValue], figures: SliceFigures) {
        self.key = key
        self.figures = figures
    }
}

/// What comes with every answer: what it rests on.
package struct Coverage: Sendable {
    package var range: TimeRange
    /// The times of the oldest and newest span held; nil if there is none.
    package var oldest: Int64?
    package var newest: Int64?
    /// Units that matched, and their spans.
    package var matched = 0
    package var spans = 0
    /// Matched traces whose root has not come.
    package var openTraces = 0
    /// Spans that were refused or late, and values that were cut, since the store was made: none of them can
    /// be told by the question, since what was refused has no dimensions.
    package private(set) var refused = 0
    package private(set) var late = 0
    package private(set) var truncatedValues = 0
    /// What the senders' SDKs threw away, over the matched spans.
    package var droppedUpstream = 0

    package init(range: TimeRange) { self.range = range }

    package mutating func add(_ ledger: LedgerCounts) {
        for reason in LedgerReason.refusalsOfSpans { refused += ledger[reason] }
        late += ledger[.late]
        truncatedValues += ledger[.tooDeep]
    }
}

/// The answer to a `SliceQuery`.
package struct SliceAnswer: Sendable {
    /// In the order that was asked for, cut at the limit.
    package var rows: [SliceRow]
    package var total: SliceFigures
    /// What the limit cut, summed; nil if it cut nothing.
    package var other: SliceFigures?
    package var groups: Int
    package var failingGroups: Int
    package var coverage: Coverage

    package init(
        rows: [SliceRow], total: SliceFigures, other: SliceFigures?, groups: Int,
        failingGroups: Int, coverage: Coverage
    ) {
        self.rows = rows
        self.total = total
        self.other = other
        self.groups = groups
        self.failingGroups = failingGroups
        self.coverage = coverage
    }
}
