internal import Spans
internal import Store

/// Puts the groups of all frames together, chooses the rows that are asked for, and has the figures of
/// those summed: what is cut off needs no percentiles of its own.
struct SliceRows {
    private let query: SliceQuery
    private let now: WindowScan
    private let before: WindowScan?
    private let grid: StepGrid?
    private let control: ScanControl
    private let plan: FigurePlan
    /// The groups of all frames and windows by the bytes of their values.
    private let keys: ByteDictionary

    /// - Parameter before: the scans of the other window, if there is one.
    init(
        _ query: SliceQuery, _ scans: [any FrameScan], before: [any FrameScan]?, grid: StepGrid?,
        _ control: ScanControl
    ) throws {
        self.query = query
        self.grid = grid
        self.control = control
        plan = query.plan
        var keys = ByteDictionary()
        now = try WindowScan(
            scans, &keys,
            failuresLeast: before == nil ? query.having?.failuresLeast ?? 0 : 0, control)
        self.before = try before.map { try WindowScan($0, &keys, control) }
        // Frames without units have no groups, but without `by` there is one row of nothing.
        if query.by.isEmpty, keys.count == 0 { _ = [].withUnsafeBytes { keys.code(of: $0) } }
        self.keys = keys
    }

    func answer() throws -> SliceAnswer {
        let present = (0..<keys.count).filter { key in
            (now.tally(key).count > 0 || query.by.isEmpty) && beginsAsWanted(key)
        }
        var rows: [SliceRow]
        var other: RowFigures?
        let passing: [Int]
        let chosen: [Int]
        if query.choosing.allSatisfy(\.followsFromCounts) {
            passing =
                query.having.map { having in
                    present.filter { key in having.holds { value(of: $0, key) } }
                } ?? present
            chosen = choose(passing)
            (rows, other) = try figures(chosen, of: passing)
        } else {
            (rows, passing) = try rowsChosenByFigures(present)
            if let limit = query.limit, limit < rows.count {
                other = rows[limit...].dropFirst().reduce(into: rows[limit].figures) {
                    $0.merge($1.figures)
                }
                rows.removeLast(rows.count - limit)
            }
            chosen = Array(passing.prefix(rows.count))
        }
        let total = try total(rows, other)
        if let grid { try addSteps(&rows, &other, chosen, of: passing, grid) }
        let examples = try RowExamples(now, places(chosen, of: passing), chosen, control)
        for index in rows.indices { rows[index].figures.now.examples = examples.byRow[index] }
        return SliceAnswer(
            rows: rows, total: total, other: other, groups: passing.count,
            failingGroups: passing.count { now.tally($0).failures > 0 }, grid: grid,
            coverage: coverage(total.now))
    }

    private func coverage(_ total: SliceFigures) -> Coverage {
        var coverage = Coverage(range: query.range)
        coverage.matched = total.count
        for scan in now.scans {
            coverage.spans += scan.spanCount
            coverage.openTraces += scan.openTraces
            coverage.droppedUpstream += scan.droppedUpstream
        }
        return coverage
    }

    // MARK: Choosing

    private var context: FigureContext {
        FigureContext(totalCount: now.unitCount, totalFailures: now.failureCount)
    }

    /// A figure that follows from a group's counts.
    private func value(of figure: Figure, _ key: Int) -> Double? {
        // There may be hundreds of thousands of groups, and these two are what is nearly always asked.
        if figure == .failures { return Double(now.tally(key).failures) }
        if figure == .count { return Double(now.tally(key).count) }
        var context = context
        context.before = before.map { Self.counted($0.tally(key)) }
        return Self.counted(now.tally(key)).value(of: figure, plan, context).number
    }

    private static func counted(_ tally: Tally) -> SliceFigures {
        var figures = SliceFigures()
        figures.count = tally.count
        figures.failures = tally.failures
        return figures
    }

    /// The first `limit` keys in the order of the rows.
    private func choose(_ present: [Int]) -> [Int] {
        struct Candidate {
            let value: Double
            let count: Int
            let key: Int
        }
        let figure = query.order.sorted
        var candidates = present.map { key in
            Candidate(
                value: query.order.rank(value(of: figure, key)), count: now.tally(key).count,
                key: key)
        }
        if let limit = query.limit {
            candidates = Leading.of(candidates, limit) {
                $0.value != $1.value ? $0.value > $1.value : $0.count > $1.count
            }
        }
        candidates.sort { $0.value != $1.value ? $0.value > $1.value : $0.count > $1.count }
        let limit = min(query.limit ?? candidates.count, candidates.count)
        if limit == 0 { return [] }
        // Values decide among those that tie; only theirs are looked at.
        var chosen: [Int] = []
        var index = 0
        while index < limit {
            let first = candidates[index]
            var end = index + 1
            while end < candidates.count, candidates[end].value == first.value,
                candidates[end].count == first.count
            {
                end += 1
            }
            if end == index + 1 {
                chosen.append(first.key)
            } else {
                chosen += candidates[index..<end].map { (key: $0.key, values: values($0.key)) }
                    .sorted { Self.precedes($0.values, $1.values) }.map(\.key)
            }
            index = end
        }
        return Array(chosen.prefix(limit))
    }

    /// Where percentiles and the like decide, all groups must have theirs.
    private func rowsChosenByFigures(
        _ present: [Int]
    ) throws -> ([SliceRow], [Int]) {
        let all = try figures(present, of: present).rows
        var ranked: [(row: SliceRow, key: Int, value: Double)] = []
        for (row, key) in zip(all, present) {
            var context = context
            context.before = row.figures.before
            func value(_ figure: Figure) -> Double? {
                row.figures.now.value(of: figure, plan, context).number
            }
            if query.having?.holds(value) == false { continue }
            ranked.append((row, key, query.order.rank(value(query.order.sorted))))
        }
        ranked.sort { a, b in
            if a.value != b.value { return a.value > b.value }
            let counts = (a.row.figures.now.count, b.row.figures.now.count)
            if counts.0 != counts.1 { return counts.0 > counts.1 }
            return Self.precedes(a.row.key, b.row.key)
        }
        return (ranked.map(\.row), ranked.map(\.key))
    }

    private func beginsAsWanted(_ key: Int) -> Bool {
        guard let prefix = query.valuePrefix else { return true }
        guard case .text(let text)? = values(key).first else { return false }
        return text.lowercased().hasPrefix(prefix.lowercased())
    }

    private func values(_ key: Int) -> [GroupValue] {
        keys.withValue(key) { GroupKey.values(of: $0, count: query.by.count) }
    }

    private static func precedes(_ a: [GroupValue], _ b: [GroupValue]) -> Bool {
        for (left, right) in zip(a, b) where left != right { return left < right }
        return false
    }

    // MARK: Figures

    /// The figures of all units, each once, whatever `having` leaves out.
    private func total(_ rows: [SliceRow], _ other: RowFigures?) throws -> RowFigures {
        let windows = [now] + (before.map { [$0] } ?? [])
        let addsUp = now.scans.allSatisfy { $0.groupsAddUp }
        // Groups of the other window alone have no row.
        if addsUp, query.having == nil, query.valuePrefix == nil, before == nil,
            let first = rows.first?.figures
        {
            return (rows.dropFirst().map(\.figures) + (other.map { [$0] } ?? []))
                .reduce(into: first) { $0.merge($1) }
        }
        var totals = try windows.map { window in
            guard plan.isCountsOnly else { return try window.total(plan, control) }
            var figures = SliceFigures(plan)
            figures.count = window.unitCount
            figures.failures = window.failureCount
            return figures
        }
        let first = totals.removeFirst()
        return RowFigures(first, before: totals.first)
    }

    /// The rows of some keys, in their order, and what the others that might have been chosen have together.
    private func figures(
        _ chosen: [Int], of passing: [Int]
    ) throws -> (rows: [SliceRow], other: RowFigures?) {
        let places = places(chosen, of: passing)
        let present = try now.cells(places, chosen.count, plan, grid: nil, control)
        let earlier = try before?.cells(
            places, chosen.count, plan, grid: nil, control)
        func figures(_ index: Int) -> RowFigures {
            RowFigures(present[index], before: earlier?[index])
        }
        let rows = chosen.enumerated().map { index, key in
            SliceRow(key: values(key), figures: figures(index))
        }
        return (rows, chosen.count < passing.count ? figures(chosen.count) : nil)
    }

    /// By key: its place among the chosen, one behind them for those that the limit cut, and no place for
    /// those that `having` left out.
    private func places(_ chosen: [Int], of passing: [Int]) -> KeyPlaces {
        var place = [Int32](repeating: KeyPlaces.nowhere, count: keys.count)
        for key in passing { place[key] = KeyPlaces.other }
        for (index, key) in chosen.enumerated() { place[key] = Int32(index) }
        return KeyPlaces(place: place)
    }

    private func addSteps(
        _ rows: inout [SliceRow], _ other: inout RowFigures?, _ chosen: [Int], of passing: [Int],
        _ grid: StepGrid
    ) throws {
        let place = places(chosen, of: passing)
        let plan = query.stepPlan
        let cells = try now.cells(
            place, chosen.count, plan, grid: grid, control)
        var earlier: [SliceFigures] = []
        if let before, let distance = query.before?.distance(from: query.range) {
            earlier = try before.cells(
                place, chosen.count, plan, grid: grid.shifted(by: distance), control)
        }
        func steps(_ cells: [SliceFigures], _ index: Int) -> [SliceFigures] {
            cells.isEmpty ? [] : Array(cells[index * grid.count..<(index + 1) * grid.count])
        }
        for index in rows.indices {
            rows[index].figures.steps = steps(cells, index)
            rows[index].figures.stepsBefore = steps(earlier, index)
        }
        other?.steps = steps(cells, chosen.count)
        other?.stepsBefore = steps(earlier, chosen.count)
    }
}

extension Figure {
    /// Whether a group's counts say all about it.
    fileprivate var followsFromCounts: Bool {
        switch self {
        case .count, .failures, .failureRate, .failureRateLow, .failureRateHigh, .share,
            .shareOfFailures, .pValue:
            true
        case .aggregate, .costEstimated, .unpricedCalls: false
        }
    }
}

extension RowOrder {
    /// Rates sort by their lower bound, so that 1 of 1 does not lead.
    fileprivate var sorted: Figure { figure == .failureRate ? .failureRateLow : figure }

    /// Greater ranks come first; what is not known comes last either way.
    fileprivate func rank(_ value: Double?) -> Double {
        guard let value else { return -.infinity }
        return isAscending ? -value : value
    }
}
