/// A window in which the watch saw a finding.
package struct Sighting: Sendable, Equatable {
    package var question: WatchQuestion
    /// The window, in Unix nanoseconds.
    package var from: Int64
    package var to: Int64
    package var figures: FindingFigures
    /// All units of the window, and those that failed.
    package var units: Int
    package var failures: Int

    package init(
        _ question: WatchQuestion, from: Int64, to: Int64, figures: FindingFigures, units: Int,
        failures: Int
    ) {
        self.question = question
        self.from = from
        self.to = to
        self.figures = figures
        self.units = units
        self.failures = failures
    }
}
