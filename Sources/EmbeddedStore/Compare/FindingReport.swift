internal import Spans
internal import Store

/// Makes findings of the slices that stand out: chooses those that say why, and looks up what is shown of each.
struct FindingReport {
    private let query: CompareQuery
    private let items: CompareItems
    private let target: TargetValues
    private let now: Population
    private let before: Population?
    private let test: CompareTest
    private let discovery: FalseDiscovery
    private let snapshot: Snapshot
    private let control: ScanControl

    init(
        _ query: CompareQuery, _ items: CompareItems, _ target: TargetValues, now: Population,
        before: Population?, _ test: CompareTest, _ discovery: FalseDiscovery,
        _ snapshot: Snapshot, _ control: ScanControl
    ) {
        self.query = query
        self.items = items
        self.target = target
        self.now = now
        self.before = before
        self.test = test
        self.discovery = discovery
        self.snapshot = snapshot
        self.control = control
    }

    /// - Returns: findings by what they explain, and the part of the target that all of them together do; nil of nothing.
    func findings(
        _ standing: [SliceCandidate]
    ) throws -> (findings: [Finding], explained: Double?) {
        if now.tally.failures == 0 { return ([], nil) }
        if standing.isEmpty { return ([], 0) }
        let slices = standing.map(\.items)
        let members = try SliceMembers(slices, of: items, now, control)
        let earlier = try before.map { try SliceMembers(slices, of: items, $0, control) }
        let choices = try FindingSelection(
            standing.enumerated().map { .init(slice: $1, place: $0) }, now: members,
            before: earlier, discovery, test,
            control
        ).choices()
        let details = FindingDetails(query, target, members, snapshot, control)
        let shown = try details.of(choices.map(\.candidate.place))
        let findings = zip(choices, shown).map { choice, detail in
            finding(choice.candidate.slice, detail, also: choice.also.map(\.items))
        }
        let places = choices.map(\.candidate.place)
        let excess = test.excess(
            Self.union(places, of: members),
            earlier.map { Self.union(places, of: $0) } ?? Tally(),
            hasBaseline: query.baseline != nil)
        return (
            findings.sorted(by: FindingOrder.precedes),
            min(1, max(0, excess / Double(now.tally.failures)))
        )
    }

    /// What several slices have together.
    private static func union(_ slices: [Int], of members: SliceMembers) -> Tally {
        var strata = Strata(members)
        strata.add(slices, of: members)
        return strata.tallies(nil, of: members)[1].units
    }

    /// The rarest first: it says most.
    private func terms(_ slice: [Int]) -> [SliceTerm] {
        slice.sorted { (items.items[$0].targets, $0) < (items.items[$1].targets, $1) }
            .map(items.term)
    }

    private func finding(
        _ slice: SliceCandidate, _ detail: FindingDetails.Detail, also: [[Int]]
    ) -> Finding {
        let reference = test.reference(slice.now, slice.before)
        let hasRates = query.baseline == nil
        let figures = FindingFigures(
            target: slice.now.failures, baseline: slice.now.count - slice.now.failures,
            targetRate: hasRates ? slice.now.rate : nil,
            restRate: hasRates ? reference.rate : nil,
            excess: test.excess(slice.now, slice.before, hasBaseline: !hasRates),
            pLog10: slice.log10P, qValue: slice.qValue)
        let terms = terms(slice.items)
        let isAbsence = terms.allSatisfy { $0.value == .value(.null) } && !terms.isEmpty
        return Finding(
            slice: terms, figures: figures,
            tellsOutcome: isAbsence && test.isOutcome(slice.now), firstSeen: detail.first,
            lastSeen: detail.last, onset: detail.onset, examples: detail.examples,
            trend: detail.trend, also: also.map(self.terms))
    }
}

extension Tally {
    /// The share that failed; nil of nothing.
    var rate: Double? { count == 0 ? nil : Double(failures) / Double(count) }
}

extension CompareTest {
    /// How many units of a slice are in the target beyond what the others' rate, its own earlier one or its share of the
    /// baseline would give.
    func excess(_ slice: Tally, _ earlier: Tally, hasBaseline: Bool) -> Double {
        if hasBaseline {
            let baseline = now.count - now.failures
            let share =
                baseline == 0 ? 0 : Double(slice.count - slice.failures) / Double(baseline)
            return Double(slice.failures) - Double(now.failures) * share
        }
        let rate = reference(slice, earlier).rate ?? 0
        return Double(slice.failures) - Double(slice.count) * rate
    }
}
