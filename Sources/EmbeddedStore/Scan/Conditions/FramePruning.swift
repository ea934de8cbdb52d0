internal import Spans
internal import Store

/// Tells from what is stored of a frame's values which conditions none of its units can satisfy: then its columns need not
/// be read.
///
/// Counts have every value that some row of the segment has, so a value that they lack is absent; the ranges of numbers are
/// stored with their columns. Where neither says anything, a unit may match.
struct FramePruning {
    let condition: Expression
    let failure: Expression
    let unit: Unit
    /// What `p95` and the like stand for, in nanoseconds.
    let percentiles: [Double: Double]

    /// With more values than this only those are looked up that a condition names.
    private static let testedMax = 256

    /// The frames of which some unit may match; all without a condition.
    static func frames(
        _ frames: [any Frame], for query: SliceQuery, _ percentiles: [Double: Double]
    ) throws -> [any Frame] {
        guard let condition = query.condition else { return frames }
        let pruning = FramePruning(
            condition: condition, failure: query.failure, unit: query.unit,
            percentiles: percentiles)
        let isKept = try Scanner.parallel(frames) { try pruning.mayMatch($0) }
        return zip(frames, isKept).compactMap { $1 ? $0 : nil }
    }

    func mayMatch(_ frame: any Frame) throws -> Bool {
        try mayHold(condition, in: frame, ofSpans: unit == .span)
    }

    private func mayHold(
        _ expression: Expression, in frame: any Frame, ofSpans: Bool
    ) throws -> Bool {
        switch expression {
        case .and(let parts):
            try parts.allSatisfy { try mayHold($0, in: frame, ofSpans: ofSpans) }
        case .or(let parts):
            try parts.contains { try mayHold($0, in: frame, ofSpans: ofSpans) }
        // What is not known to be so everywhere.
        case .not: true
        case .failed: try mayHold(failure, in: frame, ofSpans: ofSpans)
        case .span(let inner): try mayHold(inner, in: frame, ofSpans: true)
        case .has(let field):
            try frame.counts.flatMap { try values(of: field, in: $0) }.map { $0.count > 0 } ?? true
        case .comparison(let comparison):
            try mayHold(comparison, in: frame)
                && (!ofSpans || mayReach(comparison, in: frame))
        }
    }

    // MARK: Values

    private func values(of field: Field, in counts: SegmentCounts) throws -> CountTable? {
        // A root is one of the spans.
        try counts.values(of: field.scope == .root ? Field(field.name) : field)
    }

    private func mayHold(_ comparison: Comparison, in frame: any Frame) throws -> Bool {
        // Once: another query may find out meanwhile that they are damaged.
        guard let counts = frame.counts,
            let table = try values(of: comparison.field, in: counts)
        else { return true }
        let test = try LiteralTest(comparison, percentiles: percentiles)
        if table.count <= Self.testedMax {
            var matches = false
            try counts.reading {
                try table.visit(unit) { number, tagged, _ in
                    if number > 0, !matches { matches = test.matches(ValueTable.value(tagged)) }
                }
            }
            return matches
        }
        guard let named = test.onlyMatches else { return true }
        var known = ValueTable()
        return try named.contains { value in
            let code = known.code(value)
            return try known.tagged(code).withUnsafeBytes { tagged in
                try counts.reading { try table.number(of: tagged) } != nil
            }
        }
    }

    // MARK: Ranges

    /// Whether the greatest number of a span is beyond what a comparison asks for at least.
    private func mayReach(_ comparison: Comparison, in frame: any Frame) throws -> Bool {
        guard comparison.comparator == .greater || comparison.comparator == .greaterOrEqual,
            let greatest = greatest(of: comparison.field, in: frame)
        else { return true }
        return try LiteralTest(comparison, percentiles: percentiles).matches(.integer(greatest))
    }

    private func greatest(of field: Field, in frame: any Frame) -> Int64? {
        if field.isIntrinsic("duration") {
            let column = SpanField.duration
            // Without the column no span took any time, and what ends before its start takes none.
            let key = ColumnKey(.span, .field, column.name, column.type)
            if !frame.keySet.keys.contains(key) { return frame.lasting == nil ? nil : 0 }
            return frame.greatest(of: key).map { max(0, $0) }
        }
        if field.isIntrinsic("start_time") { return frame.lasting?.startMax }
        // Canonical dimensions have several sources, and scores are not in the frame.
        guard field.scope == .span || SegmentCounts.name(of: field)?.scope == .attribute else {
            return nil
        }
        let keys = Table.keyed.flatMap { frame.keySet.attributes(field.name, in: $0) }
        guard let key = keys.first, keys.count == 1, key.table == .span, key.type == .int else {
            return nil
        }
        return frame.greatest(of: key)
    }
}
