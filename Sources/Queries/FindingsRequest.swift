package import Store

/// `/v1/findings`: which findings of the watch are shown, and how.
package struct FindingsRequest: Sendable {
    package let format: RowFormat
    /// Whether an open finding that is left is an alarm.
    package let isCheck: Bool
    private let states: States
    /// nil: all findings.
    private let limit: Int?
    let width: Int
    let zone: String

    private enum States: String, CaseIterable { case all, open, resolved }

    private static let state = Parameter(
        "state", "Which findings: all, open or resolved ones.",
        .oneOf(States.allCases.map(\.rawValue)), standard: States.all.rawValue)
    private static let limit = Parameter(
        "limit", "How many findings at most.", .countOrAll,
        standard: "\(Parameter.limitStandard)")
    private static let check = Parameter(
        "check",
        "With 1 the status is 409 if an open finding is left, else 200, the body the same: an alarm is a URL.",
        .number(0...1), standard: "0")

    package static let parameters: [Parameter] = [
        state, limit, check, .format, .width, .zone,
    ]

    package init(_ parameters: QueryParameters) throws {
        try parameters.parameters.allow(only: Self.parameters)
        states = States(rawValue: try parameters.choice(Self.state)) ?? .all
        limit = try parameters.limit()
        isCheck = try parameters.check()
        format = try parameters.format()
        width = try parameters.width()
        zone = try parameters.zone()
    }

    /// Chooses what is shown: open ones first, those that explain most before; then resolved ones, the newest first.
    package func page(of all: [StandingFinding]) -> FindingsPage {
        let found = all.filter { states == .all || $0.isOpen == (states == .open) }
            .sorted(by: Self.precedes)
        return FindingsPage(
            findings: limit.map { Array(found.prefix($0)) } ?? found, count: found.count,
            open: all.count { $0.isOpen }, resolved: all.count { !$0.isOpen })
    }

    private static func precedes(_ a: StandingFinding, _ b: StandingFinding) -> Bool {
        if a.isOpen != b.isOpen { return a.isOpen }
        if let ofA = a.resolved, let ofB = b.resolved, ofA != ofB { return ofA > ofB }
        let (ofA, ofB) = (a.latest?.figures.excess ?? 0, b.latest?.figures.excess ?? 0)
        return ofA == ofB ? a.id < b.id : ofA > ofB
    }
}

/// What is shown of the findings.
package struct FindingsPage: Sendable {
    package var findings: [StandingFinding]
    /// Of the states that were asked for, before the limit.
    var count: Int
    /// In all.
    var open: Int
    var resolved: Int

    package var hasOpen: Bool { findings.contains(where: \.isOpen) }

    /// Puts others in the place of those of their ids.
    package mutating func complete(with whole: [StandingFinding]) {
        let byID = Dictionary(whole.map { ($0.id, $0) }) { first, _ in first }
        findings = findings.map { byID[$0.id] ?? $0 }
    }
}

extension StandingFinding {
    package var state: String { isOpen ? "open" : "resolved" }

    /// The question that its newest sighting answered.
    private var query: CompareQuery? {
        latest.map {
            $0.question.query(from: $0.from, to: $0.to, failure: SliceQuery.defaultFailure)
        }
    }

    /// The expression that selects its units; empty for everything.
    package var condition: String {
        RowExpression.condition(slice, .trace)?.description ?? ""
    }

    /// What its newest sighting says.
    package var sentence: String {
        guard let latest, let query else { return "" }
        return FindingText(
            query, target: latest.failures, baseline: latest.units - latest.failures
        ).sentence(slice, latest.figures)
    }

    var names: [String] {
        also.map { RowExpression.condition($0, .trace)?.description ?? "" }
    }
}
