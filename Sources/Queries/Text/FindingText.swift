internal import Foundation
internal import Store

/// A finding in words.
struct FindingText {
    private let query: CompareQuery
    private let answer: CompareAnswer

    init(_ query: CompareQuery, _ answer: CompareAnswer) {
        self.query = query
        self.answer = answer
    }

    /// `prompt.version refund-core@v3 with locale de-DE fails 55.6 % of the time, 2.0 % elsewhere: 48 of 3,915 failures`.
    func sentence(_ finding: Finding) -> String {
        let excess = HumanText.count(Int(finding.excess.rounded()))
        let all = HumanText.count(answer.target)
        let subject = Self.subject(finding.slice)
        let isOfFailures = query.target == .failed
        let part = "\(excess) of \(all) \(isOfFailures ? "failures" : "in the target")"
        guard query.baseline == nil else {
            let ofTarget = Self.share(finding.target, of: answer.target)
            let ofBaseline = Self.share(finding.baseline, of: answer.baseline)
            return "\(subject) is \(ofTarget) of the target, \(ofBaseline) of the baseline: \(part)"
        }
        let verb = isOfFailures ? "fails" : "is in the target"
        let elsewhere = query.before == nil ? "elsewhere" : "before"
        return "\(subject) \(verb) \(Self.percent(finding.targetRate)) of the time, "
            + "\(Self.percent(finding.restRate)) \(elsewhere): \(part)"
    }

    private static func share(_ part: Int, of whole: Int) -> String {
        percent(whole == 0 ? nil : Double(part) / Double(whole))
    }

    private static func percent(_ share: Double?) -> String {
        share.map { String(format: "%.1f %%", $0 * 100) } ?? HumanText.none
    }

    private static func subject(_ slice: [SliceTerm]) -> String {
        if slice.isEmpty { return "everything" }
        return slice.map(words).joined(separator: " with ")
    }

    private static func words(_ term: SliceTerm) -> String {
        func number(_ value: Double) -> String {
            term.field.isIntrinsic("duration")
                ? HumanText.duration(milliseconds: value) : HumanText.number(value)
        }
        switch term.value {
        case .value(.null): return "no \(term.field)"
        case .value(let value): return "\(term.field) \(HumanText.value(value, of: term.field))"
        case .band(let from?, let to?):
            return "\(term.field) from \(number(from)) up to \(number(to))"
        case .band(let from?, nil): return "\(term.field) from \(number(from)) on"
        case .band(nil, let to?): return "\(term.field) below \(number(to))"
        case .band(nil, nil): return "\(term.field)"
        }
    }

    /// The same as an expression.
    static func slice(_ slice: [SliceTerm], _ query: CompareQuery) -> String {
        RowExpression.of(slice, query.unit).map(\.description).joined(separator: " and ")
    }
}
