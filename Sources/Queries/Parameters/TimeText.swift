internal import Foundation
internal import Spans
internal import Store

/// Times as people and dashboards write them, in the zone that they live in.
package struct TimeText {
    private static let day: Int64 = 86_400_000_000_000

    /// Unix nanoseconds.
    private let now: Int64
    private let zone: TimeZone?

    /// Times of day and dates are those of UTC.
    package init(now: Int64) {
        self.now = now
        zone = nil
    }

    /// - Parameter zone: as the IANA database names it. nil if it names none such.
    package init?(now: Int64, zone: String) {
        guard let zone = TimeZone(identifier: zone) else { return nil }
        self.now = now
        self.zone = zone
    }

    /// Reads RFC 3339, a date, `02:40` (the latest past one), `now`, `-2h`, `now-2h`, or a Unix number in
    /// seconds, milliseconds, microseconds or nanoseconds by its size.
    ///
    /// - Returns: Unix nanoseconds, and whether they move with the clock; nil if it is none of these.
    package func nanoseconds(_ text: String) -> (time: Int64, isRelative: Bool)? {
        if text == "now" { return (now, true) }
        if let number = Number(text) { return Self.unix(number).map { ($0, false) } }
        for prefix in ["now-", "-"] where text.hasPrefix(prefix) {
            if let back = DurationText.nanoseconds(text.dropFirst(prefix.count)), back < 9e18 {
                return (now - Int64(back), true)
            }
        }
        if let time = Self.timeOfDay(text) { return (latest(time), false) }
        guard let time = Timestamp.nanoseconds(text) else { return nil }
        // Without an offset of its own it is a time of the zone.
        return (Self.hasOffset(text) ? time : inZone(time), false)
    }

    /// The latest moment not after now at which clocks show this time of day.
    private func latest(_ timeOfDay: Int64) -> Int64 {
        let shown = now + offset(now)
        let midnight = shown - shown % Self.day
        let today = inZone(midnight + timeOfDay)
        return today <= now ? today : inZone(midnight - Self.day + timeOfDay)
    }

    private static func hasOffset(_ text: String) -> Bool {
        guard let time = text.lastIndex(where: { "Tt ".contains($0) }) else { return false }
        return text[time...].contains { "Zz+-".contains($0) }
    }

    /// The moment at which clocks of the zone show what those of UTC show at `time`.
    private func inZone(_ time: Int64) -> Int64 {
        // Where clocks are set back, the second look decides for the later of the two moments.
        time - offset(time - offset(time))
    }

    /// Nanoseconds east of UTC.
    private func offset(_ time: Int64) -> Int64 {
        guard let zone else { return 0 }
        let date = Date(timeIntervalSince1970: Double(time) / 1e9)
        return Int64(zone.secondsFromGMT(for: date)) * 1_000_000_000
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
