/// How a range is cut into steps of time.
package enum Steps: Hashable, Sendable {
    /// Steps of so many nanoseconds, aligned to the Unix epoch; nil for a length that people read easily,
    /// with at most `StepGrid.automaticMax` steps.
    case aligned(nanoseconds: Int64?)
    /// So many steps of one length: the trend of a row.
    case equal(count: Int)
}

/// The steps of one range.
package struct StepGrid: Hashable, Sendable {
    /// Unix nanoseconds.
    package let start: Int64
    package let nanoseconds: Int64
    package let count: Int
    /// What was asked for; the first and last step may lie outside in part.
    package let range: TimeRange

    /// Without a wish of its own a series has so many steps at most.
    package static let automaticMax = 120
    /// More than this is a request that was not meant: what Prometheus allows too.
    package static let countMax = 11_000

    /// Lengths that people read easily, in seconds.
    private static let easySeconds: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
        86_400, 172_800, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000, 157_680_000,
    ]

    /// The shortest easy length by which a range needs `most` steps at most.
    package static func easyNanoseconds(over length: Int64, most: Int = automaticMax) -> Int64 {
        let seconds = easySeconds.first {
            // One step more, since the range need not begin at a step.
            length / ($0 * 1_000_000_000) + 1 < most
        }
        return (seconds ?? length / 1_000_000_000 / Int64(most) + 1) * 1_000_000_000
    }

    /// - Parameter range: bounded on both sides.
    /// - Throws: `QueryError.tooManySteps`.
    package init(_ steps: Steps, from: Int64, to: Int64) throws(QueryError) {
        let length = max(1, to.minus(from))
        range = TimeRange(from: from, to: to)
        switch steps {
        case .aligned(let wanted):
            let step = wanted ?? Self.easyNanoseconds(over: length)
            let first = Self.floor(from, step)
            let number = (Int128(to) - 1 - Int128(first)) / Int128(step) + 1
            guard number <= Self.countMax else {
                throw .tooManySteps(
                    count: Int(clamping: number), suggestion: Self.easyNanoseconds(over: length))
            }
            start = first
            nanoseconds = step
            count = max(1, Int(number))
        case .equal(let wanted):
            start = from
            nanoseconds = (length - 1) / Int64(wanted) + 1
            count = wanted
        }
    }

    private static func floor(_ time: Int64, _ step: Int64) -> Int64 {
        let rest = time % step
        return time.minus(rest < 0 ? rest + step : rest)
    }

    /// The same steps of a window that lies `nanoseconds` from this one.
    package func shifted(by distance: Int64) -> StepGrid {
        StepGrid(
            start: start.plus(distance), nanoseconds: nanoseconds, count: count,
            range: TimeRange(
                from: range.from.map { $0.plus(distance) }, to: range.to.map { $0.plus(distance) }))
    }

    private init(start: Int64, nanoseconds: Int64, count: Int, range: TimeRange) {
        self.start = start
        self.nanoseconds = nanoseconds
        self.count = count
        self.range = range
    }

    /// The step in which a time lies, clamped to the first and last.
    package func index(of time: Int64) -> Int {
        min(count - 1, max(0, Int(time.minus(start) / nanoseconds)))
    }

    package func time(of step: Int) -> Int64 {
        Int64(clamping: Int128(start) + Int128(step) * Int128(nanoseconds))
    }

    /// Whether the range ends within a step.
    package func isPartial(_ step: Int) -> Bool {
        let begin = time(of: step)
        return (range.from.map { begin < $0 } ?? false)
            || (range.to.map { begin.plus(nanoseconds) > $0 } ?? false)
    }
}
