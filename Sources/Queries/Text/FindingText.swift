internal import Foundation
internal import Store

/// A finding in words.
struct FindingText {
    private let query: CompareQuery
    /// All units in the target, and those that they are held against.
    private let target: Int
    private let baseline: Int

    init(_ query: CompareQuery, target: Int, baseline: Int) {
        self.query = query
        self.target = target
        self.baseline = baseline
    }

    init(_ query: CompareQuery, _ answer: CompareAnswer) {
        self.init(query, target: answer.target, baseline: answer.baseline)
    }

    /// `prompt.version refund-core@v3 with locale de-DE fails 55.6 % of the time, 2.0 % elsewhere: 48 of 3,915 failures`.
    func sentence(_ slice: [SliceTerm], _ figures: FindingFigures) -> String {
        let excess = HumanText.count(Int(figures.excess.rounded()))
        let all = HumanText.count(target)
        let subject = Self.subject(slice)
        let isOfFailures = query.target == .failed
        let part = "\(excess) of \(all) \(isOfFailures ? "failures" : "in the target")"
        guard query.baseline == nil else {
            let ofTarget = Self.share(figures.target, of: target)
            let ofBaseline = Self.share(figures.baseline, of: baseline)
            return "\(subject) is \(ofTarget) of the target, \(ofBaseline) of the baseline: \(part)"
        }
        let verb = isOfFailures ? "fails" : "is in the target"
        let elsewhere = query.before == nil ? "elsewhere" : "before"
        return "\(subject) \(verb) \(Self.percent(figures.targetRate)) of the time, "
            + "\(Self.percent(figures.restRate)) \(elsewhere): \(part)"
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
