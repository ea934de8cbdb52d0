internal import Store

/// Counts single values and the conjunctions that are grown of them.
///
/// A conjunction has no more units of the target than any of its parts, so one that has enough of them is found by growing
/// parts that have: pairs of all values, triples of pairs that are worse than either of their values alone.
struct ConjunctionSearch {
    private let target: TargetValues
    private let now: Population
    private let before: Population?
    private let test: CompareTest
    /// By depth.
    private let membersLeast: [Int]
    /// Units of the target that a conjunction has at least.
    let least: Int
    private let control: ScanControl

    /// A pair must be worse than each of its values beyond this chance to be worth a third one.
    private static let growLog10 = -2.0

    private var depth: Int { membersLeast.count }

    init(
        _ target: TargetValues, now: Population, before: Population?, _ test: CompareTest,
        _ membersLeast: [Int], least: Int, _ control: ScanControl
    ) {
        self.target = target
        self.now = now
        self.before = before
        self.test = test
        self.membersLeast = membersLeast
        let most = target.joinedLeast(itemsMax: FrameItems.itemsMax)
        self.least = max(least, most, membersLeast.dropFirst().first ?? .max)
        self.control = control
    }

    /// All slices that were counted, each with its p-value.
    func slices() throws -> (items: CompareItems, slices: [SliceCandidate]) {
        // All members of a slice with so few units of the target may be in it.
        let items = CompareItems(
            target, least: membersLeast[0], joinedLeast: depth > 1 ? least : nil)
        let joined = FrameItems(items, target)
        let pairs =
            depth > 1
            ? ConjunctionCandidates(pairsOf: items, joined, least: least)
            : ConjunctionCandidates()
        let counts = try Windows(items, now, before, pairs, control)
        var slices = items.items.indices.map { item in
            slice([item], counts.now.tallies[item], counts.before?.tallies[item])
        }
        if before != nil { slices.append(slice([], now.tally, before?.tally)) }
        if depth < 2 { return (items, slices) }
        // With what says no more than that a unit failed, every cause would seem to be explained.
        let outcomes = items.items.indices.filter { test.isOutcome(counts.now.tallies[$0]) }
        let left = Twins(pairs.conjunctions, counts.now).known.union(outcomes)
        let ofPairs = self.slices(
            pairs, now: counts.now.conjunctions, before: counts.before?.conjunctions
        ).filter { left.isDisjoint(with: $0.items) }
        slices += ofPairs
        if depth < 3 { return (items, slices) }
        let worse = ofPairs.filter { pair in
            pair.items.allSatisfy {
                test.isBetter(pair.now, than: counts.now.tallies[$0], log10Level: Self.growLog10)
            }
        }
        let triples = ConjunctionCandidates(
            triplesOf: items, from: worse.map { $0.items.map { UInt16($0) } }, joined,
            least: max(least, membersLeast[2]), except: left)
        let count = triples.conjunctions.count
        slices += self.slices(
            triples, now: try counts.now.count(triples.extensions, count: count),
            before: try counts.before?.count(triples.extensions, count: count))
        return (items, slices)
    }

    /// What is in the target was counted when the candidates were found.
    private func slices(
        _ candidates: ConjunctionCandidates, now: [Tally], before: [Tally]?
    ) -> [SliceCandidate] {
        candidates.conjunctions.indices.map { index in
            let conjunction = candidates.conjunctions[index]
            return slice(
                conjunction.items.map { Int($0) },
                Tally(count: now[index].count, failures: conjunction.targets), before?[index])
        }
    }

    private struct Windows {
        let now: ItemCounts
        let before: ItemCounts?

        init(
            _ items: CompareItems, _ now: Population, _ before: Population?,
            _ pairs: ConjunctionCandidates, _ control: ScanControl
        ) throws {
            let count = pairs.conjunctions.count
            self.now = try ItemCounts(
                items, now, pairs.extensions, count: count, needsFailures: false, control)
            self.before = try before.map {
                try ItemCounts(
                    items, $0, pairs.extensions, count: count, needsFailures: true, control)
            }
        }
    }

    private func slice(_ items: [Int], _ now: Tally, _ before: Tally?) -> SliceCandidate {
        let before = before ?? Tally()
        return SliceCandidate(
            items: items, now: now, before: before, log10P: test.log10P(now, before))
    }
}

/// Values that are another name of one that comes before: conjunctions are made of that one alone.
private struct Twins {
    private(set) var known: Set<Int> = []

    init(_ pairs: [ConjunctionCandidates.Conjunction], _ counts: ItemCounts) {
        for (pair, both) in zip(pairs, counts.conjunctions) {
            let (one, other) = (pair.items[0], pair.items[1])
            let union =
                counts.tallies[Int(one)].count + counts.tallies[Int(other)].count - both.count
            if Double(both.count) >= FindingSelection.sameShare * Double(union) {
                known.insert(Int(max(one, other)))
            }
        }
    }
}
