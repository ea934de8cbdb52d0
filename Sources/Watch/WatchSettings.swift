package import Queries
package import Store

/// What the operator sets about the watch (docs/OPERATIONS.md).
package struct WatchSettings: Sendable {
    /// How long the windows are that are looked at and compared with the one before.
    package var windowSeconds = 3600
    /// Thirty days: nobody waits for longer.
    package static let windowSecondsMax = 30 * 86_400
    /// From one look to the next; nil: a twelfth of the window.
    package var everySeconds: Int?
    package var failure = SliceQuery.defaultFailure
    /// What a slice must satisfy to be reported. Once it is, it stays as long as it is a finding at all.
    package var having: Having<FindingFigure>
    package var havingText: String

    /// One false report in a thousand looks at most, and not for a handful of failures.
    package static let havingStandard = "q_value <= 0.001 and excess >= 5"

    /// - Throws: `ExpressionError` if the text is no condition over a finding's figures.
    package init(having: String = havingStandard) throws(ExpressionError) {
        self.having = try ExpressionParser.findingHaving(having)
        havingText = having
    }

    package var secondsBetween: Int { max(1, everySeconds ?? windowSeconds / 12) }

    var report: WatchReport {
        WatchReport(
            windowSeconds: windowSeconds, everySeconds: secondsBetween,
            failure: failure.description, having: havingText)
    }
}
