extension SliceFigures {
    /// The share of failures; nil of nothing.
    package var failureRate: Double? { count == 0 ? nil : Double(failures) / Double(count) }

    package var averageMilliseconds: Double? {
        count == 0 ? nil : Double(durationSum) / Double(count) / 1e6
    }

    /// A percentile of the durations in milliseconds.
    package func milliseconds(quantile: Double) -> Double? {
        durations.quantile(quantile).map { $0 / 1e6 }
    }

    /// The 95 % interval of the failure rate (Wilson 1927); nil of nothing.
    package var failureInterval: (low: Double, high: Double)? {
        guard count > 0 else { return nil }
        let z = 1.959_963_984_540_054
        let n = Double(count)
        let rate = Double(failures) / n
        let scale = 1 + z * z / n
        let center = (rate + z * z / (2 * n)) / scale
        let half = z / scale * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
        // The ends are 0 and 1 exactly where no or all units fail; rounding must not say otherwise.
        return (
            failures == 0 ? 0 : max(0, center - half), failures == count ? 1 : min(1, center + half)
        )
    }

    /// What rows are sorted by. Rates sort by their lower bound, so that 1 of 1 does not lead; what is
    /// not known sorts below everything.
    package func sortValue(_ figure: Figure) -> Double {
        switch figure {
        case .count: Double(count)
        case .failures: Double(failures)
        case .failureRate: failureInterval?.low ?? -1
        case .averageMilliseconds: averageMilliseconds ?? -1
        case .p50Milliseconds: durations.quantile(0.5) ?? -1
        case .p95Milliseconds: durations.quantile(0.95) ?? -1
        case .p99Milliseconds: durations.quantile(0.99) ?? -1
        case .maxMilliseconds: Double(durationMax)
        case .tokensIn: Double(tokensIn)
        case .tokensOut: Double(tokensOut)
        case .cost: cost.value
        case .unpricedCalls: Double(unpricedCalls)
        }
    }
}
