internal import Spans
internal import Store

/// Times as people and dashboards write them.
package enum TimeText {
    private static let day: Int64 = 86_400_000_000_000

    /// Reads RFC 3339, a date, `02:40` (the latest past one, UTC), `now`, `-2h`, `now-2h`, or a Unix number
    /// in seconds, milliseconds, microseconds or nanoseconds by its size.
    ///
    /// - Parameter now: Unix nanoseconds.
    /// - Returns: Unix nanoseconds, and whether they move with the clock; nil if it is none of these.
    package static func nanoseconds(
        _ text: String, now: Int64
    ) -> (time: Int64, isRelative: Bool)? {
        if text == "now" { return (now, true) }
        if let number = Number(text) { return unix(number).map { ($0, false) } }
        for prefix in ["now-", "-"] where text.hasPrefix(prefix) {
            if let back = DurationText.nanoseconds(text.dropFirst(prefix.count)), back < 9e18 {
                return (now - Int64(back), true)
            }
        }
        if let time = timeOfDay(text) {
            let midnight = now - now % day
            return (midnight + time <= now ? midnight + time : midnight + time - day, false)
        }
        return Timestamp.nanoseconds(text).map { ($0, false) }
    }

    private static func unix(_ number: Number) -> Int64? {
        let value = number.double
        guard value >= 0, value.isFinite else { return nil }
        if value >= 1e17 {
            if case .integer(let exact) = number { return exact }
            return value < 9e18 ? Int64(value) : nil
        }
        let factor: Int64 = value < 1e11 ? 1_000_000_000 : value < 1e14 ? 1_000_000 : 1000
        if case .integer(let exact) = number { return exact * factor }
        return Int64((value * Double(factor)).rounded())
    }

    /// `02:40` or `02:40:30` in nanoseconds.
    private static func timeOfDay(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hour = Int64(parts[0]), let minute = Int64(parts[1]),
            let second = parts.count == 3 ? Int64(parts[2]) : 0, (0..<24).contains(hour),
            (0..<60).contains(minute), (0..<60).contains(second)
        else { return nil }
        return (hour * 3600 + minute * 60 + second) * 1_000_000_000
    }
}
