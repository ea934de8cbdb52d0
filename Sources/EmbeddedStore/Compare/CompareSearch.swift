internal import Spans
internal import Store

/// Answers a compare query (docs/COMPARE.md): counts every value of every dimension, grows conjunctions, tests all of them,
/// and keeps those that say why.
struct CompareSearch {
    private let query: CompareQuery
    private let snapshot: Snapshot
    private let control: ScanControl

    /// A conjunction is looked at if it holds so much of the target.
    private static let conjunctionShare = 0.001
    /// Of more slices that stand out, or such as would take more memory to look at, those of the least p-values are looked at
    /// further.
    private static let candidatesMax = 1024
    private static let candidateBytesMax = 64 << 20

    init(_ query: CompareQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
    }

    func answer() throws -> CompareAnswer {
        let slice = query.cohorts
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try Scanner.percentiles(slice, frames, control)
        try refuseOverlap(frames, percentiles)
        let now = try Population(slice, frames, percentiles: percentiles, control)
        let before = try query.before.map { window in
            var earlier = slice
            earlier.range = window
            return try Population(
                earlier, Frames.of(snapshot, range: window), percentiles: percentiles, control)
        }
        let test = UnitTest(now.tallies, before?.tallies)
        let dimensions = ComparedDimensions(query, snapshot.names(with: control), frames)
        let target = try TargetValues(
            ComparedDimension.all(dimensions.fields, now), now, control)
        let testable = HypothesisBounds(target.extents, units: now.tally.count).testable(
            depth: query.depth, level: CompareQuery.level, membersLeast: test.units.membersLeast)
        var sizes = testable.map(\.count)
        // Everything is a slice too.
        if before != nil, !sizes.isEmpty { sizes[0] += 1 }
        let discovery = FalseDiscovery(sizes: sizes)
        let search = ConjunctionSearch(
            target, now: now, before: before, test, testable.map(\.members),
            least: Int((Self.conjunctionShare * Double(now.tally.failures)).rounded(.up)),
            control)
        let (items, slices) = sizes.isEmpty ? (CompareItems(), []) : try search.slices()
        let standing = standingOut(slices, discovery, test)
        let findings = try FindingReport(
            query, items, target, now: now, before: before, test.units, discovery, snapshot,
            control
        ).findings(standing)
        var coverage = now.coverage(query.range, snapshot)
        if coverage.matched == 0 {
            coverage.conditions = try ConditionReports(
                slice, frames, percentiles, snapshot.names(with: control), control
            ).all()
        }
        return CompareAnswer(
            findings: findings.findings, target: now.tally.failures,
            baseline: now.tally.count - now.tally.failures, explained: findings.explained,
            hypotheses: discovery.hypotheses,
            conjunctionLeast: search.least == .max ? nil : search.least,
            excluded: dimensions.excluded + (query.by.isEmpty ? target.identifiers : []),
            coverage: coverage)
    }

    /// Cohorts that share units are not compared.
    private func refuseOverlap(
        _ frames: [any Frame], _ percentiles: [Double: Double]
    ) throws {
        guard let baseline = query.baseline else { return }
        var both = query.cohorts
        let parts = [query.condition, query.target, baseline].compactMap { $0 }
        both.condition = Expression.and(parts).replacingFailed(with: query.failure)
        let common = try Population(both, frames, percentiles: percentiles, control).tally.count
        if common > 0 { throw QueryError.overlappingCohorts(units: common) }
    }

    /// The slices that are discoveries, but for those that others say better.
    private func standingOut(
        _ slices: [SliceCandidate], _ discovery: FalseDiscovery, _ test: UnitTest
    ) -> [SliceCandidate] {
        let standing = rated(slices, discovery)
        let limits = discovery.sizes.indices.map {
            discovery.log10Limit(family: $0, level: CompareQuery.level, rank: standing.count)
        }
        var bytes = 0
        return Array(
            Dominance(slices, test.units).undominated(standing, limits: limits)
                .prefix(Self.candidatesMax)
                .prefix { slice in
                    bytes += FrameUnits.bytesMost(slice.now.count, of: test.units.now.count)
                    return bytes <= Self.candidateBytesMax
                })
    }

    /// The slices that are discoveries, the least likely first.
    private func rated(
        _ slices: [SliceCandidate], _ discovery: FalseDiscovery
    ) -> [SliceCandidate] {
        let qValues = discovery.qValues(slices.map { ($0.log10P, $0.family) })
        var standing: [SliceCandidate] = []
        for (slice, qValue) in zip(slices, qValues) where qValue <= CompareQuery.level {
            var slice = slice
            slice.qValue = qValue
            standing.append(slice)
        }
        standing.sort { ($0.log10P, $0.items.count) < ($1.log10P, $1.items.count) }
        return standing
    }
}
