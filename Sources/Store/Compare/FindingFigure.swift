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
