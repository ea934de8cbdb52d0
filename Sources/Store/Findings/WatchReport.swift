/// What the watch is set to do, and what it did last.
package struct WatchReport: Sendable {
    /// Seconds, as set. The last run's own window is shorter where a whole one was too much for it.
    package var windowSeconds: Int
    package var everySeconds: Int
    package var failure: String
    package var having: String
    /// How many runs gave an answer since the start, and how many did not.
    package var runs = 0
    package var failedRuns = 0
    /// Events that were told, and those that could not be.
    package var told = 0
    package var untold = 0
    package var last: Run?

    package struct Run: Sendable {
        /// The window, in Unix nanoseconds.
        package var from: Int64
        package var to: Int64
        package var seconds: Double
        /// Why there was no answer; nil if there was one.
        package var error: String?
        /// What the answer rests on.
        package var coverage: Coverage?

        package init(
            from: Int64, to: Int64, seconds: Double, error: String?, coverage: Coverage?
        ) {
            self.from = from
            self.to = to
            self.seconds = seconds
            self.error = error
            self.coverage = coverage
        }
    }

    package init(windowSeconds: Int, everySeconds: Int, failure: String, having: String) {
        self.windowSeconds = windowSeconds
        self.everySeconds = everySeconds
        self.failure = failure
        self.having = having
    }
}
