internal import Spans

/// Days of UTC since 1970, by which partitions are named.
enum Day {
    static let nanoseconds: UInt64 = 86_400_000_000_000

    /// The day of a time in Unix nanoseconds.
    static func of(_ time: UInt64) -> Int { Int(time / nanoseconds) }

    /// The day as `2026-11-18`.
    static func name(_ day: Int) -> String {
        let (year, month, day) = Timestamp.date(day)
        return Timestamp.pad(year, 4) + "-" + Timestamp.pad(month, 2) + "-" + Timestamp.pad(day, 2)
    }
}
