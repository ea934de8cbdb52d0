/// How many units there are, and how many of them failed.
struct Tally: Sendable, Equatable {
    var count = 0
    var failures = 0

    static func += (tally: inout Tally, other: Tally) {
        tally.count += other.count
        tally.failures += other.failures
    }

    static func -= (tally: inout Tally, other: Tally) {
        tally.count -= other.count
        tally.failures -= other.failures
    }
}
