internal import Spans
internal import Store

/// Says why a condition matched nothing: what each of its comparisons matches alone, and which values come
/// close to those that were asked for.
struct ConditionReports {
    private let query: SliceQuery
    private let frames: [any Frame]
    private let percentiles: [Double: Double]
    private let names: KnownNames
    private let control: ScanControl

    init(
        _ query: SliceQuery, _ frames: [any Frame], _ percentiles: [Double: Double],
        _ names: KnownNames, _ control: ScanControl
    ) {
        self.query = query
        self.frames = frames
        self.percentiles = percentiles
        self.names = names
        self.control = control
    }

    /// So many comparisons at most are looked into: each is a scan of its own.
    private static let comparisonsMax = 16

    func all() throws -> [ConditionReport] {
        guard let condition = query.condition else { return [] }
        var seen: Set<Expression> = []
        let parts = condition.leaves.filter { seen.insert($0).inserted }
        // What is the whole condition has matched nothing, as is known.
        let isWhole = parts == [condition] && query.unit == .span
        return try parts.prefix(Self.comparisonsMax).map { part in
            ConditionReport(
                text: part.description, spans: isWhole ? 0 : try spans(part),
                closest: try closest(part))
        }
    }

    private func spans(_ part: Expression) throws -> Int {
        let alone = SliceQuery(
            condition: part, failure: query.failure, unit: .span, range: query.range)
        return try Scanner.parallel(frames) { frame in
            let fields = FieldResolver(frame: frame, control: control)
            return try MatchedUnits(alone, fields, percentiles: percentiles).count
        }.reduce(0, +)
    }

    private func closest(_ part: Expression) throws -> [String] {
        let field: Field
        switch part {
        case .comparison(let comparison): field = comparison.field
        case .has(let named): field = named
        default: return []
        }
        guard names.contains(field) else { return names.nearest(field) }
        guard case .comparison(let comparison) = part,
            [.equal, .isIn].contains(comparison.comparator)
        else { return [] }
        let wanted = comparison.literals.compactMap(\.wantedText)
        // A whole prompt is no name that could be misspelt, and to compare it with all others takes long.
        if wanted.isEmpty || field.isLongText { return [] }
        let found = try Scanner.parallel(frames) { frame in
            let fields = FieldResolver(frame: frame, control: control)
            let resolved = try fields.resolve(
                field, forComparison: false)
            let texts = (0..<UInt32(resolved.values.count)).lazy.compactMap { code -> String? in
                if case .text(let text) = resolved.values.value(code + 1) { text } else { nil }
            }
            return wanted.flatMap { NearestName.of($0, among: texts) }
        }
        let all = Set(found.joined()).subtracting(wanted)
        return wanted.flatMap { NearestName.of($0, among: all) }.uniqued.prefix(3).map { $0 }
    }
}

extension Literal {
    fileprivate var wantedText: String? {
        switch self {
        case .text(let text), .bare(let text): text
        case .duration, .percentile: nil
        }
    }
}

extension Expression {
    /// Its comparisons and tests, without what combines them.
    fileprivate var leaves: [Expression] {
        switch self {
        case .comparison, .has, .failed: [self]
        case .and(let parts), .or(let parts): parts.flatMap(\.leaves)
        case .not(let inner), .span(let inner): inner.leaves
        }
    }
}

extension [String] {
    /// Each once, in the order of their first appearance.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
