internal import Foundation
internal import Store

/// Chooses, of all slices that stand out, those that say why: each is the least likely one, given those that were chosen before.
///
/// A slice that stands out only because it holds or overlaps another one does so no more among the units that are in none
/// that was chosen. One that lies in another says something of its own if it is much worse than all that lies there.
/// Slices of the same members are one finding.
struct FindingSelection {
    private let candidates: [Candidate]
    private let now: SliceMembers
    private let before: SliceMembers?
    private let limits: [Double]
    private let whole: CompareTest
    private let control: ScanControl

    struct Candidate: Sendable {
        let slice: SliceCandidate
        /// Its place among the slices whose members are known.
        let place: Int
    }

    struct Choice {
        let candidate: Candidate
        /// Of the same members.
        var also: [SliceCandidate] = []
    }

    /// Slices that share so much of their members are one.
    static let sameShare = 0.99

    init(
        _ candidates: [Candidate], now: SliceMembers, before: SliceMembers?,
        _ discovery: FalseDiscovery, _ whole: CompareTest, _ control: ScanControl
    ) {
        self.candidates = candidates
        self.whole = whole
        self.now = now
        self.before = before
        self.control = control
        limits = discovery.sizes.indices.map {
            discovery.log10Limit(family: $0, level: CompareQuery.level, rank: candidates.count)
        }
    }

    func choices() throws -> [Choice] {
        var choices: [Choice] = []
        var strata = (now: Strata(now), before: before.map(Strata.init))
        var open = candidates
        while !open.isEmpty, strata.now.count < Strata.countMax {
            try control.check()
            let test = StratifiedTest(
                now: strata.now.tallies(nil, of: now),
                before: before.flatMap { strata.before?.tallies(nil, of: $0) })
            let rated = try Scanner.parallel(open) { [now, before, strata] candidate in
                let logP = test.log10P(
                    strata.now.tallies(candidate.place, of: now),
                    before.flatMap { strata.before?.tallies(candidate.place, of: $0) })
                return (candidate: candidate, log10P: logP)
            }
            let left = rated.filter { $0.log10P <= limits[$0.candidate.slice.family] }
            guard let first = left.min(by: Self.precedes)?.candidate else { break }
            var choice = Choice(candidate: first)
            open = left.map(\.candidate).filter { $0.place != first.place }
            // It takes nothing away from others.
            let isOutcome = whole.isOutcome(first.slice.now)
            open.removeAll { other in
                let (common, sizes) = now.overlap(first.place, other.place)
                let union = sizes.0 + sizes.1 - common
                guard Double(common) >= Self.sameShare * Double(union) else { return false }
                choice.also.append(other.slice)
                return true
            }
            if !isOutcome {
                strata.now.add([first.place], of: now)
                if let before { strata.before?.add([first.place], of: before) }
            }
            choices.append(choice)
        }
        return choices
    }

    /// The least likely first; of equals the simplest, the one with most members, the one of the first dimension.
    private static func precedes(
        _ a: (candidate: Candidate, log10P: Double), _ b: (candidate: Candidate, log10P: Double)
    ) -> Bool {
        if a.log10P != b.log10P { return a.log10P < b.log10P }
        let (one, other) = (a.candidate.slice, b.candidate.slice)
        if one.items.count != other.items.count { return one.items.count < other.items.count }
        if one.now.count != other.now.count { return one.now.count > other.now.count }
        return one.items.lexicographicallyPrecedes(other.items)
    }
}

/// A slice that may be a finding.
struct SliceCandidate: Sendable {
    /// None: everything.
    let items: [Int]
    let now: Tally
    let before: Tally
    var log10P: Double
    var qValue = 1.0

    /// Of hypotheses: how many dimensions the slice has. Everything counts among the slices of one.
    var family: Int { max(items.count, 1) - 1 }
}

/// `CompareTest` within strata of units.
struct StratifiedTest: Sendable {
    /// All compared units by stratum.
    let now: [UnitTallies]
    let before: [UnitTallies]?

    /// Within a chosen slice another one must fail so many times as often as all that lies there.
    private static let innerRatio = 2.0

    /// The least p-value of the strata that count, times how many strata there are. Against another window only
    /// the units that are in no chosen slice do: a slice rose wherever it overlaps one that did.
    func log10P(_ slice: [UnitTallies], _ earlier: [UnitTallies]?) -> Double {
        if let before, let earlier {
            return UnitTest(now[0], before[0]).log10P(slice[0], earlier[0])
        }
        let least = now.indices.filter { stratum in
            stratum == 0 || Self.isMuchWorse(slice[stratum].units, in: now[stratum].units)
        }.map { stratum in
            UnitTest(now[stratum], nil).log10P(slice[stratum], UnitTallies())
        }.min()
        return min(0, (least ?? 0) + log10(Double(now.count)))
    }

    private static func isMuchWorse(_ slice: Tally, in stratum: Tally) -> Bool {
        guard let rate = slice.rate, let rateOfAll = stratum.rate else { return false }
        return rate >= innerRatio * rateOfAll
    }
}
