internal import Store

/// Counts what the compared units have: of single values, and of conjunctions of them.
struct ItemCounts {
    private let items: CompareItems
    private let population: Population
    private let control: ScanControl
    /// By item.
    let tallies: [Tally]
    /// Of the conjunctions that were counted with the values.
    let conjunctions: [Tally]
    /// Of each frame, if there is room to keep it.
    private let frames: [FrameLists]
    private let needsFailures: Bool

    /// The items of a frame's units, and of those in the target if conjunctions of these are counted too.
    private struct FrameLists: Sendable {
        let all: FrameItems
        let targets: FrameItems?

        var byteCount: Int { all.byteCount + (targets?.byteCount ?? 0) }

        func count(_ extensions: [Extensions], count: Int) -> Counts {
            var counts = Counts(count)
            all.count(extensions, &counts.units)
            targets?.count(extensions, &counts.targets)
            return counts
        }
    }

    private struct Counts: Sendable {
        var units: [UInt32]
        var targets: [UInt32]

        init(_ count: Int) {
            units = [UInt32](repeating: 0, count: count)
            targets = units
        }

        static func tallies(_ parts: [Counts], count: Int) -> [Tally] {
            var sums = [Tally](repeating: Tally(), count: count)
            for part in parts {
                for index in 0..<count {
                    sums[index] += Tally(
                        count: Int(part.units[index]), failures: Int(part.targets[index]))
                }
            }
            return sums
        }
    }

    /// Counts single values, and conjunctions.
    ///
    /// - Parameters:
    ///   - count: of conjunctions.
    ///   - needsFailures: whether their units in the target are counted here; otherwise their tallies have none.
    init(
        _ items: CompareItems, _ population: Population, _ extensions: [Extensions], count: Int,
        needsFailures: Bool, _ control: ScanControl
    ) throws {
        self.items = items
        self.population = population
        self.control = control
        self.needsFailures = needsFailures
        let parts = try Scanner.parallel(population.frames) { frame in
            var tallies = [Tally](repeating: Tally(), count: items.items.count)
            let lists = try Self.lists(
                items, frame, population, needsFailures: needsFailures, &tallies, control)
            return (
                tallies: tallies, counts: lists.count(extensions, count: count),
                lists: population.keepsNothing ? nil : lists
            )
        }
        tallies = parts.reduce(into: [Tally](repeating: Tally(), count: items.items.count)) {
            for index in $1.tallies.indices { $0[index] += $1.tallies[index] }
        }
        conjunctions = Counts.tallies(parts.map(\.counts), count: count)
        let kept = parts.compactMap(\.lists)
        frames = kept.count == parts.count ? kept : []
        try control.reserve(frames.reduce(0) { $0 + $1.byteCount }, .cohorts)
    }

    /// Counts more conjunctions.
    func count(_ extensions: [Extensions], count: Int) throws -> [Tally] {
        if extensions.isEmpty { return [] }
        let parts = try Scanner.parallel(Array(population.frames.indices)) { index in
            if !frames.isEmpty { return frames[index].count(extensions, count: count) }
            var tallies = [Tally](repeating: Tally(), count: items.items.count)
            return try Self.lists(
                items, population.frames[index], population, needsFailures: needsFailures,
                &tallies, control
            ).count(extensions, count: count)
        }
        return Counts.tallies(parts, count: count)
    }

    /// Counts the single values of a frame's units, and gathers those that conjunctions are made of.
    private static func lists(
        _ items: CompareItems, _ frame: ComparedFrame, _ population: Population,
        needsFailures: Bool, _ tallies: inout [Tally], _ control: ScanControl
    ) throws -> FrameLists {
        let resolver = frame.passing(population.keepsNothing)
        var all: [UnitLists] = []
        var targets: [UnitLists] = []
        for dimension in items.dimensions.indices {
            try control.check()
            let codes = try items.codes(dimension, frame, resolver)
            let numbers = items.numbers(of: dimension)
            let hasJoined = items.hasJoined(dimension)
            var list = UnitLists()
            var ofTargets = UnitLists()
            if hasJoined { list.reserve(units: frame.count) }
            tallies.withUnsafeMutableBufferPointer { tallies in
                frame.selection.visit { _, unit in
                    let isTarget = frame.isTarget[unit]
                    codes.visit(unit) { code in
                        let item =
                            Int(code) < numbers.count ? numbers[Int(code)] : CompareItems.none
                        if item == CompareItems.none { return }
                        tallies[Int(item)].count += 1
                        tallies[Int(item)].failures += isTarget ? 1 : 0
                        if item >= items.joinedCount { return }
                        list.append(item)
                        if needsFailures, isTarget { ofTargets.append(item) }
                    }
                    if !hasJoined { return }
                    list.endUnit()
                    if needsFailures, isTarget { ofTargets.endUnit() }
                }
            }
            if !hasJoined { continue }
            all.append(list)
            targets.append(ofTargets)
        }
        return FrameLists(
            all: FrameItems(all, unitCount: frame.count, itemCount: items.joinedCount),
            targets: needsFailures
                ? FrameItems(
                    targets, unitCount: frame.targets.count, itemCount: items.joinedCount) : nil)
    }
}
