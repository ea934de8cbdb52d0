package import Store

/// `/v1/compare`: from parameters to the query, and how its answer is to be written.
package struct CompareRequest: Sendable {
    package let query: CompareQuery
    package let format: RowFormat
    /// Whether a finding that is left is an alarm.
    package let isCheck: Bool
    let having: Having<FindingFigure>?
    /// nil: all findings.
    let limit: Int?
    let width: Int
    let zone: String

    private static let target = Parameter(
        "target", "An expression: which units are to be explained.", standard: "failed",
        examples: ["failed", "release = 1.4.2", "duration > p95"])
    private static let baseline = Parameter(
        "baseline",
        "An expression: which units they are held against, sharing none with the target. Without it all others.",
        examples: ["release = 1.4.1"])
    private static let by = Parameter(
        "by", "The only dimensions that are looked at; without it all are.", .list,
        examples: ["model.revision,release"])
    private static let depth = Parameter(
        "depth", "How many dimensions a slice may have.", .number(1...CompareQuery.depthMax),
        standard: "\(CompareQuery.depthMax)")
    private static let vs = Parameter(
        "vs",
        "What got worse since: each slice is held against its own rate in another window, written as for slices.",
        examples: ["previous", "24h", "7d"])
    private static let having = Parameter(
        "having", "A condition over a finding's figures.",
        examples: ["q_value < 0.01 and excess >= 10"])
    private static let limit = Parameter(
        "limit", "How many findings at most.", .countOrAll,
        standard: "\(Parameter.limitStandard)")
    private static let check = Parameter(
        "check",
        "With 1 the status is 409 if a finding is left, else 200, the body the same: an alarm is a URL.",
        .number(0...1), standard: "0")

    package static let parameters =
        Parameter.common + [
            target, baseline, vs, .unit, by, depth, having, limit, check, .format, .width,
        ]

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        let range = try parameters.range()
        format = try parameters.format()
        isCheck = try parameters.check()
        width = try parameters.width()
        zone = parameters.parameters["tz"] ?? "UTC"
        having = try parameters.findingHaving()
        limit = try parameters.limit()
        query = CompareQuery(
            condition: try parameters.condition(), failure: try parameters.failure(),
            unit: try parameters.unit(), range: range, before: try parameters.before(range),
            target: try parameters.cohort("target") ?? .failed,
            baseline: try parameters.cohort("baseline"), by: try parameters.fields("by"),
            depth: try parameters.number(Self.depth))
        if query.baseline != nil, query.before != nil {
            throw QueryFailure(
                "bad_baseline",
                "baseline and vs are two ways to say what the target is held against: give one")
        }
    }

    /// The findings that are shown, best first, and how many there are before `limit`.
    package func shown(_ answer: CompareAnswer) -> (findings: [Finding], count: Int) {
        let found = answer.findings.filter { finding in
            having?.holds { finding.figures.value(of: $0, targets: answer.target) } ?? true
        }
        return (limit.map { Array(found.prefix($0)) } ?? found, found.count)
    }
}

extension CompareQuery {
    /// Refuses names in `by` that no span has and that are not canonical.
    package func check(_ names: KnownNames) throws {
        try SliceQuery(by: by).check(names)
    }
}
