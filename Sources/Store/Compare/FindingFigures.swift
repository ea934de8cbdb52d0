internal import Foundation

/// The counts of a finding, and what follows from them.
package struct FindingFigures: Sendable, Equatable {
    /// Members in the target, and all others.
    package var target: Int
    package var baseline: Int
    /// What share of the members, and of all others, is in the target; nil of nothing, or beside a cohort of its own.
    package var targetRate: Double?
    package var restRate: Double?
    /// How many of the target are more than there should be.
    package var excess: Double
    /// Decimal logarithm of the p-value.
    package var pLog10: Double
    package var qValue: Double

    package init(
        target: Int, baseline: Int, targetRate: Double?, restRate: Double?, excess: Double,
        pLog10: Double, qValue: Double
    ) {
        self.target = target
        self.baseline = baseline
        self.targetRate = targetRate
        self.restRate = restRate
        self.excess = excess
        self.pLog10 = pLog10
        self.qValue = qValue
    }

    package var members: Int { target + baseline }

    /// 0 where it is too small for a double; its logarithm is not.
    package var pValue: Double { pow(10, pLog10) }

    package var riskRatio: Double? {
        guard let targetRate, let restRate, restRate > 0 else { return nil }
        return targetRate / restRate
    }

    /// nil where it divides by nothing, or beside a cohort of its own.
    ///
    /// - Parameter targets: all units in the target.
    package func value(of figure: FindingFigure, targets: Int) -> Double? {
        switch figure {
        case .target: Double(target)
        case .baseline: Double(baseline)
        case .targetRate: targetRate
        case .restRate: restRate
        case .riskRatio: riskRatio
        case .excess: excess
        case .explainedShare: targets == 0 ? nil : excess / Double(targets)
        case .pValue: pValue
        case .pLog10: pLog10
        case .qValue: qValue
        }
    }
}
