internal import Spans
internal import Store

/// A question that stored counts can answer: of all units, by one field at most, and for counts and failures alone.
struct CountedQuestion: Sendable {
    let query: SliceQuery

    /// nil for any other question.
    ///
    /// - Parameter grid: the steps of the window, if the question has any.
    init?(_ query: SliceQuery, _ grid: StepGrid?) {
        guard query.condition == nil, query.by.count <= 1, query.failure.isDefaultFailure,
            query.plan.isCountsOnly
        else { return nil }
        if let grid {
            // Of single values nothing is known by time.
            guard query.by.isEmpty, query.stepPlan.isCountsOnly,
                grid.start.isWholeMinutes, grid.nanoseconds.isWholeMinutes
            else { return nil }
        }
        self.query = query
    }

    /// - Returns: nil if the frame's rows must be looked at.
    func scan(_ frame: any Frame, _ control: ScanControl) throws -> CountedScan? {
        guard let counts = frame.counts, let lasting = frame.lasting,
            let range = range(from: lasting.startMin, to: lasting.startMax)
        else { return nil }
        var values: CountTable?
        if let field = query.by.first {
            guard let found = try counts.values(of: field) else { return nil }
            values = found
        }
        return try CountedScan(query, range, frame, counts, values, control)
    }

    /// The part of the range that cuts a frame; nil if it cuts it where the counts do not.
    private func range(from startMin: Int64, to startMax: Int64) -> TimeRange? {
        var range = query.range
        if range.from.map({ $0 <= startMin }) == true { range.from = nil }
        if range.to.map({ $0 > startMax }) == true { range.to = nil }
        let cuts = [range.from, range.to].compactMap { $0 }
        // Of values nothing is known by time.
        let isCutWell = query.by.isEmpty ? cuts.allSatisfy(\.isWholeMinutes) : cuts.isEmpty
        return isCutWell ? range : nil
    }
}

extension Int64 {
    fileprivate var isWholeMinutes: Bool { self % MinuteCounts.nanoseconds == 0 }
}

extension Expression {
    /// Whether it is `SliceQuery.defaultFailure`, in whatever case its word is written.
    fileprivate var isDefaultFailure: Bool {
        guard case .comparison(let comparison) = self, comparison.field == Field("status"),
            comparison.comparator == .equal
        else { return false }
        return switch comparison.literals.first {
        case .bare(let word), .text(let word): word.lowercased() == "error"
        case .duration, .percentile, nil: false
        }
    }
}
