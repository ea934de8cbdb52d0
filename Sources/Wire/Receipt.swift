package import Spans

/// What readers need to know of the moment at which a body came.
package struct Receipt: Sendable {
    /// Unix nanoseconds, when the request's header was complete: the time of spans that have none.
    package var time: UInt64
    /// Unix nanoseconds. Spans that start earlier are older than what is retained: they are refused, since
    /// they would be stored only to be removed.
    package var oldestStart: UInt64
    /// Where spans say whose they are, for the ledger.
    package var owners: OwnerSources

    /// A start further ahead of its receipt than this is a wrong clock: one day.
    package static let futureNanosecondsMax: UInt64 = 86_400_000_000_000

    package init(time: UInt64, oldestStart: UInt64 = 0, owners: OwnerSources = .none) {
        self.time = time
        self.oldestStart = oldestStart
        self.owners = owners
    }
}
