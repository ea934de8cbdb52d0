internal import Spans

/// How long spans are kept, and how much room they may take. Whole days go at once, so a span stays up to a day longer.
struct Retention: Sendable {
    /// nil keeps everything.
    var seconds: Int?
    /// What all files may take together; nil if there is no such limit.
    var bytesMax: Int?

    /// The first day, counted since 1970, of which spans are kept; nil if all are.
    func oldestDay(now: UInt64) -> Int? {
        seconds.map { seconds in
            let (age, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
            return overflow || age > now ? 0 : Day.of(now - age)
        }
    }
}
