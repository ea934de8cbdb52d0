internal import Foundation

/// A figure of a finding, by the name that answers give it (docs/API.md, "Compare").
package enum FindingFigure: String, CaseIterable, Hashable, Sendable {
    case target
    case baseline
    case targetRate = "target_rate"
    case restRate = "rest_rate"
    case riskRatio = "risk_ratio"
    case excess
    case explainedShare = "explained_share"
    case pValue = "p_value"
    case pLog10 = "p_log10"
    case qValue = "q_value"
}

extension FindingFigure: CustomStringConvertible {
    package var description: String { rawValue }
}

extension Finding {
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

    /// 0 where it is too small for a double; its logarithm is not.
    package var pValue: Double { pow(10, pLog10) }

    package var riskRatio: Double? {
        guard let targetRate, let restRate, restRate > 0 else { return nil }
        return targetRate / restRate
    }
}
