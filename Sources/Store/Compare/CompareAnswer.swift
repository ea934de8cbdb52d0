/// A slice that holds more of the target than it should, and how sure that is.
package struct Finding: Sendable {
    /// None: everything.
    package var slice: [SliceTerm]
    package var figures: FindingFigures
    /// Starts of the first and last member in the target.
    package var firstSeen: Int64
    package var lastSeen: Int64
    package var onset: Onset?
    /// Newest traces in the target.
    package var examples: [SliceFigures.Example]
    /// Members and target in each of some equal steps of the range, for a trend.
    package var trend: [Int]
    /// Other names of the same members.
    package var also: [[SliceTerm]]
    /// Whether it is what most of the target lacks and hardly anything else does, as the cost of calls that failed: that tells
    /// what became of them, and not why.
    package var tellsOutcome: Bool

    package init(
        slice: [SliceTerm], figures: FindingFigures, tellsOutcome: Bool = false, firstSeen: Int64,
        lastSeen: Int64, onset: Onset?, examples: [SliceFigures.Example], trend: [Int],
        also: [[SliceTerm]]
    ) {
        self.slice = slice
        self.figures = figures
        self.tellsOutcome = tellsOutcome
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.onset = onset
        self.examples = examples
        self.trend = trend
        self.also = also
    }
}

/// When a slice's rate jumped, and which values appeared just before.
package struct Onset: Sendable, Equatable {
    package var time: Int64
    package var appeared: [Appearance]

    package struct Appearance: Sendable, Equatable {
        package var slice: SliceTerm
        package var time: Int64

        package init(slice: SliceTerm, time: Int64) {
            self.slice = slice
            self.time = time
        }
    }

    package init(time: Int64, appeared: [Appearance]) {
        self.time = time
        self.appeared = appeared
    }
}

/// A dimension of which no slices were made.
package struct ExcludedDimension: Sendable, Equatable {
    package var field: Field
    package var reason: String

    package init(_ field: Field, _ reason: String) {
        self.field = field
        self.reason = reason
    }
}

/// The answer to a `CompareQuery`.
package struct CompareAnswer: Sendable {
    /// What a person would fix first comes first.
    package var findings: [Finding]
    package var target: Int
    package var baseline: Int
    /// The part of the target that the findings together explain.
    package var explained: Double?
    /// No fewer than there were, since what bounds cut is not counted one by one.
    package var hypotheses: Int
    /// A conjunction of fewer members in the target was not looked at; nil if none was.
    package var conjunctionLeast: Int?
    package var excluded: [ExcludedDimension]
    package var coverage: Coverage

    package init(
        findings: [Finding], target: Int, baseline: Int, explained: Double?, hypotheses: Int,
        conjunctionLeast: Int?, excluded: [ExcludedDimension], coverage: Coverage
    ) {
        self.findings = findings
        self.target = target
        self.baseline = baseline
        self.explained = explained
        self.hypotheses = hypotheses
        self.conjunctionLeast = conjunctionLeast
        self.excluded = excluded
        self.coverage = coverage
    }
}
