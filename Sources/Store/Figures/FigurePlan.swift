/// What must be summed so that some figures can be given: a scan does no more than this.
package struct FigurePlan: Hashable, Sendable {
    /// Sum, greatest and percentiles of the units' own durations.
    package private(set) var needsDurations = false
    /// Tokens and cost of model calls.
    package private(set) var needsUsage = false
    /// Fields whose numbers are summed, and what else is made of them.
    package private(set) var numbers: [NumberPlan] = []
    /// Fields whose distinct values are counted.
    package private(set) var distinct: [Field] = []

    /// The numbers of one field.
    package struct NumberPlan: Hashable, Sendable {
        package let field: Field
        package fileprivate(set) var needsPercentiles = false
        package fileprivate(set) var needsHistogram = false
    }

    /// Counts and failures alone.
    package init() {}

    package init(_ figures: some Sequence<Figure>) {
        for figure in figures { add(figure) }
    }

    private mutating func add(_ figure: Figure) {
        switch figure {
        case .count, .failures, .failureRate, .failureRateLow, .failureRateHigh, .share,
            .shareOfFailures, .pValue:
            break
        case .costEstimated, .unpricedCalls: needsUsage = true
        case .aggregate(let aggregate, let field): add(aggregate, field)
        }
    }

    private mutating func add(_ aggregate: Aggregate, _ field: Field) {
        switch aggregate {
        case .distinct:
            if !distinct.contains(field) { distinct.append(field) }
        case _ where Self.isFromDurations(aggregate, field): needsDurations = true
        case .sum where Self.isUsage(field): needsUsage = true
        default:
            let index = numbers.firstIndex { $0.field == field } ?? numbers.count
            if index == numbers.count { numbers.append(NumberPlan(field: field)) }
            if case .percentile = aggregate { numbers[index].needsPercentiles = true }
            if case .histogram = aggregate { numbers[index].needsHistogram = true }
        }
    }

    /// Whether counts say all.
    package var isCountsOnly: Bool {
        !needsDurations && !needsUsage && numbers.isEmpty && distinct.isEmpty
    }

    /// Durations have a path of their own, since nearly every question wants them.
    static func isFromDurations(_ aggregate: Aggregate, _ field: Field) -> Bool {
        guard field == Field("duration") else { return false }
        return switch aggregate {
        case .sum, .average, .greatest, .percentile: true
        case .least, .distinct, .histogram: false
        }
    }

    /// So have the sums of tokens and cost.
    static func isUsage(_ field: Field) -> Bool {
        field.scope == .any && ["tokens.input", "tokens.output", "cost"].contains(field.name)
    }

    func index(ofNumbers field: Field) -> Int? { numbers.firstIndex { $0.field == field } }
    func index(ofDistinct field: Field) -> Int? { distinct.firstIndex(of: field) }
}
