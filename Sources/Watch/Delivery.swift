package import Store

/// Tells somebody of a change of a finding.
package typealias Tell = @Sendable (FindingEvent) async -> Delivery

/// What became of an attempt to tell.
package enum Delivery: Sendable, Equatable {
    case delivered
    /// The receiver does not want it; another try would change nothing.
    case refused(String)
    /// It did not get there: to be tried again.
    case failed(String)
}
