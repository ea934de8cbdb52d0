import Store

/// All findings of the watch, open and resolved: what each look changes about them. A value, without clock or disk.
struct FindingBook {
    private(set) var findings: [StandingFinding]

    /// A look reports no more than so many new ones: what hides behind them shows once they are mended.
    static let openedMax = 20
    /// Of more resolved ones those that were resolved first are forgotten.
    static let resolvedMax = 1000
    /// After so long without enough requests to tell, a finding counts as resolved: a day in nanoseconds.
    static let silenceMax: Int64 = 86_400_000_000_000

    init(_ findings: [StandingFinding] = []) { self.findings = findings }

    /// Units of a slice in the window, and those that failed.
    struct Tally: Equatable {
        var members: Int
        var failures: Int
    }

    /// What a look has changed.
    struct Outcome {
        var changed: Set<String> = []
        var removed: [String] = []
    }

    // MARK: Which sight is of which finding

    /// Open findings whose slice holds, or is held by, a slice that was seen and that no finding is called by. Whether they are of one
    /// problem depends on what their own slices have in the window.
    func unclear(_ sights: [Sight], failure: String) -> [StandingFinding] {
        let named = named(sights, failure)
        let unnamed = sights.indices.filter { named[$0] == nil }.map { sights[$0] }
        return findings.indices.filter { place in
            !named.values.contains(place) && findings[place].isOpen
                && findings[place].failure == failure
                && unnamed.contains { SliceKinship.isNested($0.slice, findings[place].slice) }
        }.map { findings[$0] }
    }

    /// By sight the finding that has its name, open ones first.
    private func named(_ sights: [Sight], _ failure: String) -> [Int: Int] {
        var places: [Int: Int] = [:]
        var taken: Set<Int> = []
        for (index, sight) in sights.enumerated() {
            let candidates = findings.indices.filter {
                !taken.contains($0) && findings[$0].failure == failure
                    && sight.isNamed(by: [findings[$0].slice] + findings[$0].also)
            }
            let best = candidates.max { rank(of: $0) < rank(of: $1) }
            guard let best else { continue }
            places[index] = best
            taken.insert(best)
        }
        return places
    }

    private func rank(of place: Int) -> (Int, Int64) {
        (findings[place].isOpen ? 1 : 0, findings[place].latest?.to ?? 0)
    }

    /// Whether a sight shows, by a wider or a narrower slice, the problem of an open finding.
    ///
    /// The wider slice may have a problem of its own beside that of the narrower one. So it is one problem if the narrower
    /// slice has most of the excess that the wider one has, or had when it was last seen.
    ///
    /// - Parameter tally: of the finding's slice in this window.
    static func isOneProblem(_ sight: Sight, _ finding: StandingFinding, _ tally: Tally) -> Bool {
        guard SliceKinship.isNested(sight.slice, finding.slice) else { return false }
        let seen = sight.sighting.figures
        let own =
            Double(tally.failures) - Double(tally.members) * (seen.restRate ?? 0)
        if sight.slice.count < finding.slice.count { return own >= seen.excess / 2 }
        let before = finding.latest?.figures.excess ?? 0
        return own - seen.excess < before / 2
    }

    // MARK: A look

    /// Takes in what a look showed.
    ///
    /// - Parameters:
    ///   - tallies: by id, of the findings that `unclear` names.
    ///   - units: of the whole window.
    ///   - makeID: a new id.
    mutating func take(
        _ sights: [Sight], from: Int64, to: Int64, units: Int, failure: String,
        tallies: [String: Tally], makeID: () -> String
    ) -> Outcome {
        var outcome = Outcome()
        var places = named(sights, failure)
        for (index, sight) in sights.enumerated() where places[index] == nil {
            places[index] = findings.indices.first { place in
                let finding = findings[place]
                guard !places.values.contains(place), let tally = tallies[finding.id] else {
                    return false
                }
                return Self.isOneProblem(sight, finding, tally)
            }
        }
        var opened = 0
        for (index, sight) in sights.enumerated() {
            if let place = places[index] {
                if see(sight, place) { outcome.changed.insert(findings[place].id) }
            } else if sight.isReportable, opened < Self.openedMax {
                opened += 1
                let finding = StandingFinding(sight, id: makeID(), failure: failure)
                findings.append(finding)
                outcome.changed.insert(finding.id)
            }
        }
        for place in findings.indices
        where findings[place].isOpen && isOver(findings[place], from: from, to: to, units: units) {
            findings[place].change(.resolved, at: to)
            outcome.changed.insert(findings[place].id)
        }
        outcome.removed = forget()
        outcome.changed.subtract(outcome.removed)
        return outcome
    }

    /// - Returns: whether it says anything of the finding: of a resolved one only what would be reported does.
    private mutating func see(_ sight: Sight, _ place: Int) -> Bool {
        if !findings[place].isOpen {
            guard sight.isReportable else { return false }
            findings[place].change(.reopened, at: sight.sighting.to)
            findings[place].onset = nil
        }
        findings[place].slice = sight.slice
        findings[place].also = sight.also
        findings[place].onset = findings[place].onset ?? sight.onset
        if !sight.examples.isEmpty { findings[place].examples = sight.examples }
        findings[place].add(sight.sighting)
        return true
    }

    /// Whether a finding was not seen for a whole window although there were enough requests to see it by: half as many as
    /// when it was seen last. With fewer nothing can be told, and it stays open, for `silenceMax` at most.
    private func isOver(
        _ finding: StandingFinding, from: Int64, to: Int64, units: Int
    ) -> Bool {
        guard let latest = finding.latest, latest.to <= from else { return false }
        return 2 * units >= latest.units || to.minus(latest.to) >= Self.silenceMax
    }

    /// - Returns: the ids of those that are forgotten.
    private mutating func forget() -> [String] {
        let resolved = findings.filter { !$0.isOpen }
        guard resolved.count > Self.resolvedMax else { return [] }
        let gone = resolved.sorted { ($0.resolved ?? 0) < ($1.resolved ?? 0) }
            .prefix(resolved.count - Self.resolvedMax).map(\.id)
        let ids = Set(gone)
        findings.removeAll { ids.contains($0.id) }
        return gone
    }

    // MARK: Telling

    /// The oldest change that is still to be told.
    var nextEvent: FindingEvent? {
        findings.compactMap(\.nextEvent).min {
            ($0.change.time, $0.finding.id) < ($1.change.time, $1.finding.id)
        }
    }

    /// Notes that so many of a finding's changes need not be told any more.
    mutating func setTold(_ id: String, _ count: Int) {
        guard let place = findings.firstIndex(where: { $0.id == id }) else { return }
        findings[place].told = max(findings[place].told, count)
    }

    func finding(_ id: String) -> StandingFinding? { findings.first { $0.id == id } }
}

extension StandingFinding {
    fileprivate init(_ sight: Sight, id: String, failure: String) {
        self.init(
            id: id, failure: failure, slice: sight.slice, also: sight.also, onset: sight.onset,
            examples: sight.examples, sightings: [sight.sighting],
            changes: [Change(.opened, at: sight.sighting.to)], told: 0)
    }

    fileprivate var nextEvent: FindingEvent? {
        guard told < changes.count else { return nil }
        return FindingEvent(finding: self, change: changes[told], number: told)
    }
}
