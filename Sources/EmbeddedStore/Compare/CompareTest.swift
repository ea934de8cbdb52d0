internal import Store

/// How surely a slice holds more of the target than it should.
struct CompareTest: Sendable {
    /// All compared units.
    let now: Tally
    /// Those of the window before, if it is asked what got worse.
    let before: Tally?

    /// With fewer units in the window before a slice is held against everything's rate.
    static let ownRateLeast = 30

    /// What a slice is held against: the other units, or the window before.
    func reference(_ slice: Tally, _ earlier: Tally) -> Tally {
        guard let before else {
            return Tally(
                count: now.count - slice.count, failures: now.failures - slice.failures)
        }
        return earlier.count >= Self.ownRateLeast ? earlier : before
    }

    /// The decimal logarithm of the p-value.
    ///
    /// - Parameter earlier: the slice in the window before.
    func log10P(_ slice: Tally, _ earlier: Tally) -> Double {
        let reference = reference(slice, earlier)
        return FisherTest.greaterLog10(
            slice.failures, of: slice.count, reference.failures, of: reference.count)
    }

    /// How many members of a slice can be a finding at a level; nil if none can.
    func membersLeast(log10Level: Double) -> Int? {
        let testability =
            // At best none of its own failed before.
            before.map { Testability(targets: 0, units: $0.count, isReference: true) }
            ?? Testability(targets: now.failures, units: now.count)
        return testability.membersLeast(log10Level: log10Level)
    }

    /// Whether a slice fails more than what is left of another that holds it, beyond chance.
    func isBetter(_ slice: Tally, than whole: Tally, log10Level: Double) -> Bool {
        FisherTest.greaterLog10(
            slice.failures, of: slice.count, whole.failures - slice.failures,
            of: whole.count - slice.count) <= log10Level
    }

    /// Whether nearly all of a slice is in the target, and it holds most of the target: then it says that something failed
    /// and not why.
    func isOutcome(_ slice: Tally) -> Bool {
        Double(slice.failures) >= Self.outcomeRate * Double(slice.count)
            && Double(slice.failures) >= Self.outcomeShare * Double(now.failures)
    }

    private static let outcomeRate = 0.99
    private static let outcomeShare = 0.5
}

/// `CompareTest` of units and of the traces that they are of.
struct UnitTest: Sendable {
    let units: CompareTest
    let traces: CompareTest

    init(_ now: UnitTallies, _ before: UnitTallies?) {
        units = CompareTest(now: now.units, before: before?.units)
        traces = CompareTest(now: now.traces, before: before?.traces)
    }

    /// The greater of the two p-values, of which neither alone is enough for spans: those of one trace fail together, and a
    /// trace of more spans fails more often.
    func log10P(_ slice: UnitTallies, _ earlier: UnitTallies) -> Double {
        max(
            units.log10P(slice.units, earlier.units),
            traces.log10P(slice.traces, earlier.traces))
    }
}
