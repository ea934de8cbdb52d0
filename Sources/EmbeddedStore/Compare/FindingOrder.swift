internal import Dimensions
internal import Spans
internal import Store

/// In which order findings are shown: what explains most first, but absence after all that is there.
///
/// A request that fails breaks off: it calls fewer tools, has no cost, no answer. Slices of that may hold more failures than what broke
/// it, and nobody can mend them. Which of two comes first cannot be told from counts; but who asked for what is settled when a
/// request begins, and if that is absent, failing is not why.
enum FindingOrder {
    private static let settled = Set(DimensionTable.identity.map(\.name)).union(["locale"])

    static func precedes(_ a: Finding, _ b: Finding) -> Bool {
        if a.tellsOutcome != b.tellsOutcome { return b.tellsOutcome }
        let areAbsences = (isAbsence(a), isAbsence(b))
        if areAbsences.0 != areAbsences.1 { return areAbsences.1 }
        let (ofA, ofB) = (a.figures, b.figures)
        if ofA.excess != ofB.excess { return ofA.excess > ofB.excess }
        // Of equals the simplest, then the surest.
        if a.slice.count != b.slice.count { return a.slice.count < b.slice.count }
        return ofA.pLog10 < ofB.pLog10
    }

    /// Whether a slice says no more than what is absent, and failing may be why.
    private static func isAbsence(_ finding: Finding) -> Bool {
        !finding.slice.isEmpty
            && finding.slice.allSatisfy { term in
                let isSettled = term.field.scope == .any && settled.contains(term.field.name)
                return term.value == .value(.null) && !isSettled
            }
    }
}
