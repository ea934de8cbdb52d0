package import Spans

/// The figures of a row: of the range, of the window before, and of each step.
package struct RowFigures: Sendable {
    package var now: SliceFigures
    /// If another window was asked for.
    package var before: SliceFigures?
    /// For each step, if the range is cut.
    package var steps: [SliceFigures] = []
    /// For each step of the other window.
    package var stepsBefore: [SliceFigures] = []

    package init(_ now: SliceFigures, before: SliceFigures? = nil) {
        self.now = now
        self.before = before
    }

    package mutating func merge(_ other: RowFigures) {
        now.merge(other.now)
        if let part = other.before { before?.merge(part) }
        for index in steps.indices { steps[index].merge(other.steps[index]) }
        for index in stepsBefore.indices { stepsBefore[index].merge(other.stepsBefore[index]) }
    }
}

/// One row: a combination of values and its figures.
package struct SliceRow: Sendable {
    /// One value for each field of `by`.
    package var key: [GroupValue]
    package var figures: RowFigures

    package init(key: [GroupValue], figures: RowFigures) {
        self.key = key
        self.figures = figures
    }
}

/// What one comparison of a condition matches alone.
package struct ConditionReport: Sendable, Equatable {
    package var text: String
    package var spans: Int
    /// Values that some span has and that are spelled nearly as the one that was asked for; or names, if no
    /// span has the name.
    package var closest: [String]

    package init(text: String, spans: Int, closest: [String]) {
        self.text = text
        self.spans = spans
        self.closest = closest
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
    /// Segments, files and commits that are missing from every answer because the disk damaged them.
    package private(set) var damaged = 0
    /// Where nothing matched: what each comparison of the condition matches alone.
    package var conditions: [ConditionReport] = []
    /// What the senders' SDKs threw away, over the matched spans.
    package var droppedUpstream = 0

    package init(range: TimeRange) { self.range = range }

    package mutating func add(_ ledger: LedgerCounts) {
        refused = ledger.sum(LedgerReason.refusalsOfSpans)
        late = ledger[.late]
        truncatedValues = ledger[.tooDeep]
        damaged = ledger.damage
    }
}

/// The answer to a `SliceQuery`.
package struct SliceAnswer: Sendable {
    /// In the order that was asked for, cut at the limit.
    package var rows: [SliceRow]
    package var total: RowFigures
    /// What the limit cut, summed; nil if it cut nothing.
    package var other: RowFigures?
    /// How many groups satisfy the question, before the limit.
    package var groups: Int
    package var failingGroups: Int
    /// The steps, if the range is cut.
    package var grid: StepGrid?
    package var coverage: Coverage

    package init(
        rows: [SliceRow], total: RowFigures, other: RowFigures?, groups: Int,
        failingGroups: Int, grid: StepGrid?, coverage: Coverage
    ) {
        self.rows = rows
        self.total = total
        self.other = other
        self.groups = groups
        self.failingGroups = failingGroups
        self.grid = grid
        self.coverage = coverage
    }
}
