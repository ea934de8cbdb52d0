/// What else a figure may depend on: a share on the whole, a change on the window before.
package struct FigureContext: Sendable {
    package var totalCount: Int
    package var totalFailures: Int
    package var before: SliceFigures?

    package init(totalCount: Int, totalFailures: Int, before: SliceFigures? = nil) {
        self.totalCount = totalCount
        self.totalFailures = totalFailures
        self.before = before
    }
}

extension SliceFigures {
    /// The share of failures; nil of nothing.
    package var failureRate: Double? { count == 0 ? nil : Double(failures) / Double(count) }

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

    /// - Parameter plan: what these figures were summed by.
    package func value(
        of figure: Figure, _ plan: FigurePlan, _ context: FigureContext
    ) -> FigureValue {
        switch figure {
        case .count: .integer(Int128(count))
        case .failures: .integer(Int128(failures))
        case .failureRate: FigureValue(failureRate)
        case .failureRateLow: FigureValue(failureInterval?.low)
        case .failureRateHigh: FigureValue(failureInterval?.high)
        case .share: FigureValue(Self.ratio(count, context.totalCount))
        case .shareOfFailures: FigureValue(Self.ratio(failures, context.totalFailures))
        case .costEstimated: .double(costEstimated.value)
        case .unpricedCalls: .integer(Int128(unpricedCalls))
        case .pValue:
            FigureValue(
                context.before.flatMap {
                    FisherTest.twoSided(failures, of: count, $0.failures, of: $0.count)
                })
        case .aggregate(let aggregate, let field): value(aggregate, field, plan)
        }
    }

    private static func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }

    private func value(
        _ aggregate: Aggregate, _ field: Field, _ plan: FigurePlan
    ) -> FigureValue {
        if FigurePlan.isFromDurations(aggregate, field) { return ofDurations(aggregate) }
        if case .distinct = aggregate {
            return plan.index(ofDistinct: field).map { .integer(Int128(distinct[$0].count)) }
                ?? .none
        }
        if case .sum = aggregate, FigurePlan.isUsage(field) { return ofUsage(field) }
        guard let index = plan.index(ofNumbers: field) else { return .none }
        let value = numbers[index].value(aggregate)
        // The only times that have figures are least and greatest starts.
        if field.name == "start_time", case .integer(let time) = value {
            return .time(Int64(clamping: time))
        }
        return value
    }

    /// In milliseconds.
    private func ofDurations(_ aggregate: Aggregate) -> FigureValue {
        if case .sum = aggregate { return .double(Double(durationSum) / 1e6) }
        if count == 0 { return .none }
        return switch aggregate {
        case .average: .double(Double(durationSum) / Double(count) / 1e6)
        case .greatest: .double(Double(durationMax) / 1e6)
        case .percentile(let rank): FigureValue(durations.quantile(rank / 100).map { $0 / 1e6 })
        default: .none
        }
    }

    private func ofUsage(_ field: Field) -> FigureValue {
        switch field.name {
        case "tokens.input": .integer(Int128(tokensIn))
        case "tokens.output": .integer(Int128(tokensOut))
        default: .double(cost.value)
        }
    }
}
