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

    /// What a look has changed.
    struct Outcome {
        var changed: Set<String> = []
        var removed: [String] = []
    }

    // MARK: Which sight is of which finding

    /// Open findings whose slice holds, or is held by, a slice that was seen and that no finding is called by, those that explain
    /// most first. Whether they are of one problem depends on what their own slices have in the window.
    func unclear(_ sights: [Sight], failure: String) -> [StandingFinding] {
        let named = named(sights, failure)
        let unnamed = sights.indices.filter { named[$0] == nil }.map { sights[$0] }
        let unclear = findings.indices.filter { place in
            findings[place].isOpen && findings[place].failure == failure
                && unnamed.contains { SliceKinship.isNested($0.slice, findings[place].slice) }
        }
        return unclear.map { findings[$0] }.sorted {
            ($0.latest?.figures.excess ?? 0) > ($1.latest?.figures.excess ?? 0)
        }
    }

    /// By sight the finding that has its name, exact names and open findings first.
    private func named(_ sights: [Sight], _ failure: String) -> [Int: Int] {
        var places: [Int: Int] = [:]
        var taken: Set<Int> = []
        for isExact in [true, false] {
            for (index, sight) in sights.enumerated() where places[index] == nil {
                let best = findings.indices.filter { place in
                    guard !taken.contains(place), findings[place].failure == failure else {
                        return false
                    }
                    let names = [findings[place].slice] + findings[place].also
                    return isExact ? sight.isNamedExactly(by: names) : sight.isNamed(by: names)
                }.max { rank(of: $0) < rank(of: $1) }
                guard let best else { continue }
                places[index] = best
                taken.insert(best)
            }
        }
        return places
    }

    private func rank(of place: Int) -> (Int, Int64) {
        (findings[place].isOpen ? 1 : 0, findings[place].latest?.to ?? 0)
    }

    /// Whether a sight shows, by a wider or a narrower slice, the problem of an open finding.
    ///
    /// The wider slice may have a problem of its own beside that of the narrower one. So it is one problem if the narrower
    /// slice has most of the excess that the wider one has. A wider finding that is not seen any more may also have lost its own
    /// excess to the narrower slice, provided that this is no larger than what the finding may have grown to. Two slices that fail more
    /// than the rest in one window are two problems: compare has looked at that.
    ///
    /// - Parameters:
    ///   - tally: of the finding's slice in this window.
    ///   - isSeen: whether this look has shown the finding already.
    static func isOneProblem(
        _ sight: Sight, _ finding: StandingFinding, _ tally: SliceTally, isSeen: Bool
    ) -> Bool {
        guard SliceKinship.isNested(sight.slice, finding.slice),
            !isSeen || sight.sighting.question == .worse
        else { return false }
        let seen = sight.sighting.figures.excess
        let own = tally.excess(like: sight.sighting)
        if sight.slice.count < finding.slice.count { return own >= seen / 2 }
        if isSeen { return seen >= own / 2 }
        let before = finding.latest?.figures.excess ?? 0
        return own - seen < before / 2 && seen <= before * growthMax
    }

    /// How much a problem may grow from one look to the next.
    private static let growthMax = 3.0

    // MARK: A look

    /// Takes in what one question of a look showed.
    ///
    /// - Parameters:
    ///   - tallies: by id, of the findings that `unclear` names.
    ///   - seen: the ids of findings that this look has shown.
    ///   - makeID: a new id.
    /// - Returns: the ids of findings that are changed.
    mutating func see(
        _ sights: [Sight], failure: String, tallies: [String: SliceTally],
        seen: inout Set<String>, makeID: () -> String
    ) -> Set<String> {
        var changed: Set<String> = []
        let named = named(sights, failure)
        seen.formUnion(named.values.map { findings[$0].id })
        var opened = 0
        for (index, sight) in sights.enumerated() {
            let kin = named[index] == nil ? kin(of: sight, tallies, seen) : nil
            // A finding that is shown anyway needs no second sight.
            if let kin, seen.contains(findings[kin].id) { continue }
            if let place = named[index] ?? kin {
                seen.insert(findings[place].id)
                if see(sight, place) { changed.insert(findings[place].id) }
            } else if sight.isReportable, opened < Self.openedMax {
                opened += 1
                let finding = StandingFinding(sight, id: makeID(), failure: failure)
                findings.append(finding)
                seen.insert(finding.id)
                changed.insert(finding.id)
            }
        }
        return changed
    }

    private func kin(
        of sight: Sight, _ tallies: [String: SliceTally], _ seen: Set<String>
    ) -> Int? {
        findings.indices.first { place in
            let finding = findings[place]
            guard let tally = tallies[finding.id] else { return false }
            return Self.isOneProblem(sight, finding, tally, isSeen: seen.contains(finding.id))
        }
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

    /// Takes back what a clock that ran ahead has left.
    mutating func forgetSightings(after time: Int64) {
        for place in findings.indices { findings[place].forgetSightings(after: time) }
    }

    /// Ends a look: what it has not shown may be over.
    ///
    /// - Parameter units: of the whole window.
    mutating func finish(from: Int64, to: Int64, units: Int, failure: String) -> Outcome {
        var outcome = Outcome()
        for place in findings.indices where findings[place].isOpen {
            let isOther = findings[place].failure != failure
            guard isOther || isOver(findings[place], from: from, to: to, units: units) else {
                continue
            }
            findings[place].change(.resolved, at: to)
            // Nobody watches it any more, which is no news of it.
            if isOther { findings[place].told = findings[place].changes.count }
            outcome.changed.insert(findings[place].id)
        }
        outcome.removed = forget()
        outcome.changed.subtract(outcome.removed)
        return outcome
    }

    /// Whether a finding was not seen for a whole window although requests came often enough to see it by: half as often as
    /// when it was seen last. With fewer nothing can be told, and it stays open, for `silenceMax` at most.
    private func isOver(
        _ finding: StandingFinding, from: Int64, to: Int64, units: Int
    ) -> Bool {
        guard let latest = finding.latest, latest.to <= from else { return false }
        let often = Double(units) / Double(max(1, to.minus(from)))
        let before = Double(latest.units) / Double(max(1, latest.to.minus(latest.from)))
        return 2 * often >= before || to.minus(latest.to) >= Self.silenceMax
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
    ///
    /// - Parameter waiting: ids of findings that are left out for now.
    func nextEvent(leavingOut waiting: Set<String> = []) -> FindingEvent? {
        findings.filter { !waiting.contains($0.id) }.compactMap(\.nextEvent).min {
            ($0.change.time, $0.finding.id) < ($1.change.time, $1.finding.id)
        }
    }

    /// Notes that a change need not be told any more, nor those before it.
    ///
    /// - Returns: how many of the finding's changes that are; nil if it is not there any more.
    mutating func settle(_ event: FindingEvent) -> Int? {
        guard let place = findings.firstIndex(where: { $0.id == event.finding.id }),
            let number = findings[place].changes.lastIndex(of: event.change)
        else { return nil }
        findings[place].told = max(findings[place].told, number + 1)
        return findings[place].told
    }

    /// Notes that nobody is to be told of what has changed.
    mutating func settleAll(of ids: Set<String>) {
        for place in findings.indices where ids.contains(findings[place].id) {
            findings[place].told = findings[place].changes.count
        }
    }

    /// Notes what was told of another state of the same book meanwhile.
    mutating func settle(as other: FindingBook) {
        let told = Dictionary(
            other.findings.map { ($0.id, $0.changes.prefix($0.told).last) },
            uniquingKeysWith: { $1 })
        for place in findings.indices {
            guard let change = told[findings[place].id] ?? nil,
                let number = findings[place].changes.lastIndex(of: change)
            else { continue }
            findings[place].told = max(findings[place].told, number + 1)
        }
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
        guard changes.indices.contains(told) else { return nil }
        return FindingEvent(finding: self, change: changes[told])
    }
}
