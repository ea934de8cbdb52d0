/// How many units there are, and how many of them failed.
struct Tally: Sendable, Equatable {
    var count = 0
    var failures = 0

    func hasUnits(haveFailed: Bool) -> Bool { haveFailed ? failures > 0 : count > failures }

    static func += (tally: inout Tally, other: Tally) {
        tally.count += other.count
        tally.failures += other.failures
    }

    static func -= (tally: inout Tally, other: Tally) {
        tally.count -= other.count
        tally.failures -= other.failures
    }
}
