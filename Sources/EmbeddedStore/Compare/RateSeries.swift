internal import Foundation
internal import Store

/// A slice's units over time.
struct RateSeries: Sendable {
    private var steps: [Tally]

    /// How sure a change must be, after correcting for all steps and slices at which one was looked for.
    private static let onsetLog10 = -3.0
    /// How much higher the rate is after it.
    private static let onsetRatio = 2.0

    init(stepCount: Int) { steps = [Tally](repeating: Tally(), count: stepCount) }

    mutating func add(_ step: Int, _ isTarget: Bool) {
        steps[step].count += 1
        steps[step].failures += isTarget ? 1 : 0
    }

    mutating func merge(_ other: RateSeries) {
        for index in steps.indices { steps[index] += other.steps[index] }
    }

    /// Units in the target in so many equal parts.
    func trend(_ count: Int) -> [Int] {
        if steps.isEmpty { return [] }
        return (0..<count).map { part in
            steps[(part * steps.count / count)..<((part + 1) * steps.count / count)]
                .reduce(0) { $0 + $1.failures }
        }
    }

    /// The step from which on the rate is higher than before: of all ways to divide the series the one that chance explains
    /// least, if it explains it hardly at all. Where there was nothing before, the first step with anything.
    ///
    /// - Parameter findings: of how many slices it is asked.
    func onset(findings: Int) -> Int? {
        let limit = Self.onsetLog10 - log10(Double(max(1, findings) * max(1, steps.count)))
        let all = steps.reduce(into: Tally()) { $0 += $1 }
        if let first = steps.firstIndex(where: { $0.count > 0 }), first > 0 {
            // All members lie behind so large a part of the range.
            let missed = Double(first) / Double(steps.count)
            if Double(all.count) * log10(1 - missed) <= limit { return first }
        }
        var earlier = Tally()
        var best: (step: Int, log10P: Double)?
        for step in steps.indices.dropFirst() {
            earlier += steps[step - 1]
            if steps[step].count == 0 { continue }
            let later = Tally(
                count: all.count - earlier.count, failures: all.failures - earlier.failures)
            guard let rate = later.rate, let rateBefore = earlier.rate,
                rate >= Self.onsetRatio * rateBefore
            else { continue }
            let log10P = FisherTest.greaterLog10(
                later.failures, of: later.count, earlier.failures, of: earlier.count)
            if log10P <= limit, log10P < best?.log10P ?? 1 { best = (step, log10P) }
        }
        return best?.step
    }
}
