internal import Store

/// Counts single values and the conjunctions that are grown of them.
///
/// A conjunction has no more units of the target than any of its parts, so one that has enough of them is found by growing
/// parts that have: pairs of values of which one stands out somewhat, triples of pairs that are worse than either of their
/// values alone (docs/COMPARE.md, "Search, and what it cannot lose").
struct ConjunctionSearch {
    private let target: TargetValues
    private let now: Population
    private let before: Population?
    private let test: UnitTest
    /// By depth.
    private let membersLeast: [Int]
    /// Units of the target that a conjunction has at least.
    let least: Int
    private let control: ScanControl

    /// One value of a pair must stand out so far, p ≤ 0.1.
    private static let promisingLog10 = -1.0

    private var depth: Int { membersLeast.count }

    init(
        _ target: TargetValues, now: Population, before: Population?, _ test: UnitTest,
        _ membersLeast: [Int], least: Int, _ control: ScanControl
    ) {
        self.target = target
        self.now = now
        self.before = before
        self.test = test
        self.membersLeast = membersLeast
        let most = target.joinedLeast(itemsMax: ItemColumn.placesMax)
        self.least = max(least, most, membersLeast.dropFirst().first ?? .max)
        self.control = control
    }

    /// All slices that were counted, each with its p-value.
    func slices() throws -> (items: CompareItems, slices: [SliceCandidate]) {
        // All members of a slice with so few units of the target may be in it.
        let items = CompareItems(
            target.dimensions, target.counts, least: membersLeast[0],
            joinedLeast: depth > 1 ? least : nil)
        let counts = try Windows(items, now, before, control)
        let ofItems = items.items.indices.map { item in
            slice([item], counts.now.tallies[item], counts.before?.tallies[item])
        }
        var slices = ofItems
        if let before { slices.append(slice([], now.tallies, before.tallies)) }
        if depth < 2 { return (items, slices) }
        // With what says no more than that a unit failed, every cause would seem to be explained.
        let outcomes = Set(items.items.indices.filter { test.units.isOutcome(ofItems[$0].now) })
        let joined = try TargetColumns(items, target, control)
        let pairs = try ConjunctionCandidates(
            pairsOf: items, joined, least: least,
            isPromising: (0..<items.joinedCount).map {
                ofItems[$0].log10P <= Self.promisingLog10 && !outcomes.contains($0)
            }, except: outcomes)
        let counted = try self.slices(pairs, counts)
        let twins = Twins(counted, ofItems).known
        let ofPairs = counted.filter { twins.isDisjoint(with: $0.items) }
        slices += ofPairs
        if depth < 3 { return (items, slices) }
        let worse = ofPairs.filter { pair in
            pair.log10P <= Self.promisingLog10
                && pair.items.allSatisfy {
                    test.units.isBetter(
                        pair.now, than: ofItems[$0].now, log10Level: Dominance.betterLog10)
                }
        }.sorted { $0.now.count < $1.now.count }
        let triples = try ConjunctionCandidates(
            triplesOf: items, from: worse.map { $0.items.map { UInt16($0) } }, joined,
            least: max(least, membersLeast[2]), except: twins.union(outcomes))
        slices += try self.slices(triples, counts)
        return (items, slices)
    }

    /// Conjunctions with what is counted of them in both windows.
    private func slices(
        _ candidates: ConjunctionCandidates, _ windows: Windows
    ) throws -> [SliceCandidate] {
        let now = try windows.now.count(candidates)
        let before = try windows.before?.count(candidates)
        return candidates.conjunctions.enumerated().map { number, conjunction in
            // What is in the target was counted when the candidates were found.
            var own = now[number]
            own.units.failures = conjunction.targets.units
            own.traces.failures = conjunction.targets.traces
            return slice(conjunction.items.map { Int($0) }, own, before?[number])
        }
    }

    private struct Windows {
        let now: ItemCounts
        let before: ItemCounts?

        init(
            _ items: CompareItems, _ now: Population, _ before: Population?,
            _ control: ScanControl
        ) throws {
            self.now = try ItemCounts(items, now, needsFailures: false, control)
            self.before = try before.map {
                try ItemCounts(items, $0, needsFailures: true, control)
            }
        }
    }

    private func slice(
        _ items: [Int], _ now: UnitTallies, _ before: UnitTallies?
    ) -> SliceCandidate {
        let before = before ?? UnitTallies()
        return SliceCandidate(
            items: items, now: now.units, before: before.units, log10P: test.log10P(now, before))
    }
}

/// Values that are another name of one that comes before: conjunctions are made of that one alone.
private struct Twins {
    private(set) var known: Set<Int> = []

    init(_ pairs: [SliceCandidate], _ ofItems: [SliceCandidate]) {
        for pair in pairs {
            let (one, other) = (pair.items[0], pair.items[1])
            let union = ofItems[one].now.count + ofItems[other].now.count - pair.now.count
            if Double(pair.now.count) >= FindingSelection.sameShare * Double(union) {
                known.insert(max(one, other))
            }
        }
    }
}
