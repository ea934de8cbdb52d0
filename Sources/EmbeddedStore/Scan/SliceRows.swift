internal import Spans
internal import Store

/// Puts the groups of all frames together, chooses the rows that are asked for, and has the figures of
/// those summed: what is cut off needs no percentiles of its own.
struct SliceRows {
    private let query: SliceQuery
    private let scans: [SliceScan]
    /// The groups of all frames by the bytes of their values.
    private var keys = ByteDictionary()
    /// By key.
    private var tallies: [SliceScan.Tally] = []
    /// For each frame and group its key.
    private var keyOf: [[UInt32]] = []

    init(_ query: SliceQuery, _ scans: [SliceScan]) {
        self.query = query
        self.scans = scans
        var scratch: [UInt8] = []
        for scan in scans {
            keyOf.append(
                scan.tallies.indices.map { group in
                    let key = scan.withKey(group, &scratch) { keys.code(of: $0) }
                    if Int(key) == tallies.count { tallies.append(.init()) }
                    tallies[Int(key)].count += scan.tallies[group].count
                    tallies[Int(key)].failures += scan.tallies[group].failures
                    return key
                })
        }
        // Frames without units have no groups, but without `by` there is one row of nothing.
        if query.by.isEmpty, tallies.isEmpty {
            _ = [].withUnsafeBytes { keys.code(of: $0) }
            tallies.append(.init())
        }
    }

    func answer(_ control: ScanControl) throws -> SliceAnswer {
        let present = tallies.indices.filter { tallies[$0].count > 0 || query.by.isEmpty }
        var rows: [SliceRow]
        var other: SliceFigures?
        if let limit = query.limit, limit < present.count, query.order.figure.followsFromCounts {
            let chosen = choose(limit, of: present)
            (rows, other) = try figures(chosen, withOther: true, control)
            rows = sorted(rows)
        } else {
            (rows, _) = try figures(present, withOther: false, control)
            rows = sorted(rows)
            if let limit = query.limit, limit < rows.count {
                other = merged(rows[limit...].map(\.figures))
                rows.removeLast(rows.count - limit)
            }
        }
        let total: SliceFigures
        if scans.allSatisfy(\.groupsAddUp) {
            total = merged(rows.map(\.figures) + (other.map { [$0] } ?? []))
        } else {
            total = try merged(Scanner.parallel(scans) { $0.total() })
        }
        other?.examples = []
        return SliceAnswer(
            rows: rows, total: total, other: other, groups: present.count,
            failingGroups: present.count { tallies[$0].failures > 0 },
            coverage: coverage(total))
    }

    private func coverage(_ total: SliceFigures) -> Coverage {
        var coverage = Coverage(range: query.range)
        coverage.matched = total.count
        for scan in scans {
            coverage.spans += scan.spanCount
            coverage.openTraces += scan.openTraces
            coverage.droppedUpstream += scan.droppedUpstream
        }
        return coverage
    }

    private func merged(_ parts: [SliceFigures]) -> SliceFigures {
        var sum = SliceFigures()
        for part in parts { sum.merge(part) }
        return sum
    }

    // MARK: Choosing

    /// The first `limit` keys in the order of the rows.
    private func choose(_ limit: Int, of present: [Int]) -> [Int] {
        struct Candidate {
            let value: Double
            let count: Int
            let key: Int
        }
        var candidates = present.map { key in
            var figures = SliceFigures()
            figures.count = tallies[key].count
            figures.failures = tallies[key].failures
            let value = figures.sortValue(query.order.figure)
            return Candidate(
                value: query.order.isAscending ? -value : value, count: figures.count, key: key)
        }
        candidates.sort { $0.value != $1.value ? $0.value > $1.value : $0.count > $1.count }
        // Values decide among those that tie with the last row; only theirs are looked at.
        let last = candidates[limit - 1]
        func ties(_ candidate: Candidate) -> Bool {
            candidate.value == last.value && candidate.count == last.count
        }
        let certain = candidates.prefix { !ties($0) }
        let tied = candidates.dropFirst(certain.count).prefix(while: ties)
            .map { (key: $0.key, values: values($0.key)) }
            .sorted { Self.precedes($0.values, $1.values) }
        return certain.map(\.key) + tied.prefix(limit - certain.count).map(\.key)
    }

    private func values(_ key: Int) -> [GroupValue] {
        keys.withValue(key) { GroupKey.values(of: $0, count: query.by.count) }
    }

    private static func precedes(_ a: [GroupValue], _ b: [GroupValue]) -> Bool {
        for (left, right) in zip(a, b) where left != right { return left < right }
        return false
    }

    /// By the figure, then more units first, then values ascending, null last. What rows are sorted by
    /// is found once for each, not at each comparison.
    private func sorted(_ rows: [SliceRow]) -> [SliceRow] {
        let order = query.order
        let values = rows.map { $0.figures.sortValue(order.figure) }
        let places = rows.indices.sorted { first, second in
            let (left, right) = (values[first], values[second])
            if left != right { return order.isAscending ? left < right : left > right }
            let (a, b) = (rows[first], rows[second])
            if a.figures.count != b.figures.count { return a.figures.count > b.figures.count }
            return Self.precedes(a.key, b.key)
        }
        return places.map { rows[$0] }
    }

    // MARK: Figures

    /// The rows of some keys, in their order, and what all other groups have together.
    private func figures(
        _ chosen: [Int], withOther: Bool, _ control: ScanControl
    ) throws -> ([SliceRow], SliceFigures?) {
        var place = [Int32](repeating: -1, count: tallies.count)
        for (index, key) in chosen.enumerated() { place[key] = Int32(index) }
        let parts = try Scanner.parallel(Array(scans.indices)) { [scans, keyOf, place] index in
            try control.check()
            return scans[index].figures(
                place: keyOf[index].map { place[Int($0)] }, count: chosen.count)
        }
        var rows = chosen.map { SliceRow(key: values($0), figures: SliceFigures()) }
        var other = SliceFigures()
        for part in parts {
            for (place, figures) in part.chosen.enumerated() where figures.count > 0 {
                rows[place].figures.merge(figures)
            }
            other.merge(part.others)
        }
        return (rows, withOther ? other : nil)
    }
}

extension Figure {
    /// Whether a group's counts say all about its place.
    fileprivate var followsFromCounts: Bool {
        switch self {
        case .count, .failures, .failureRate: true
        default: false
        }
    }
}
