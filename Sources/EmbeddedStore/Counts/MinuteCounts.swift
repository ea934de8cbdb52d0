internal import Spans
internal import Store

/// How many units of a segment began in each minute, how many of these failed, and what else an answer says of all units
/// together.
struct MinuteCounts: MemorySized, Equatable {
    static let nanoseconds: Int64 = 60_000_000_000
    /// More is not stored. Only senders that claim to have dropped billions of attributes, span after span, come there.
    static let countMax: UInt64 = 1 << 48

    /// Minutes since 1970 in which units began, ascending.
    private(set) var minutes: [Int64] = []
    /// By minute, one after the other for each of `Column`.
    private(set) var columns: [[UInt64]]

    /// What is counted.
    enum Column: Int, CaseIterable {
        case spans, spanFailures
        case traces, traceFailures
        /// Of the traces.
        case spansOfTraces, openTraces
        /// What senders' SDKs dropped, by the minute of the span and of the trace.
        case droppedOfSpans, droppedOfTraces
    }

    var byteCount: Int { minutes.count * 8 * (1 + Column.allCases.count) + 100 }

    init() { columns = Column.allCases.map { _ in [] } }

    init(minutes: [Int64], columns: [[UInt64]]) {
        self.minutes = minutes
        self.columns = columns
    }

    subscript(column: Column) -> [UInt64] { columns[column.rawValue] }

    static func minute(of time: Int64) -> Int64 {
        let (quotient, rest) = time.quotientAndRemainder(dividingBy: nanoseconds)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// Where a minute begins; the first that there is may begin before time can be said.
    static func start(of minute: Int64) -> Int64 {
        Int64(clamping: Int128(minute) * Int128(nanoseconds))
    }

    func tally(_ unit: Unit, at index: Int) -> Tally {
        unit == .trace
            ? Tally(
                count: Int(self[.traces][index]), failures: Int(self[.traceFailures][index]))
            : Tally(count: Int(self[.spans][index]), failures: Int(self[.spanFailures][index]))
    }

    /// The sum over the minutes that begin within a range.
    func sum(_ column: Column, in range: TimeRange) -> Int {
        var sum = 0
        for (minute, value) in zip(minutes, self[column])
        where range.contains(Self.start(of: minute)) {
            sum += Int(value)
        }
        return sum
    }

    var totals: (spans: Tally, traces: Tally) {
        func tally(_ unit: Unit) -> Tally {
            minutes.indices.reduce(into: Tally()) { $0 += self.tally(unit, at: $1) }
        }
        return (tally(.span), tally(.trace))
    }
}

extension MinuteCounts {
    /// Counts the units of a frame.
    init(_ units: CountedUnits, _ fields: FieldResolver) throws {
        var builder = Builder(MinuteCounts())
        try builder.add(units, 1, fields)
        self = builder.finished
    }

    /// The same without some units, and with others that were not counted.
    func adjusted(
        minus: CountedUnits, plus: CountedUnits, _ fields: FieldResolver
    ) throws -> MinuteCounts {
        var builder = Builder(self)
        try builder.add(minus, -1, fields)
        try builder.add(plus, 1, fields)
        return builder.finished
    }

    private struct Builder {
        private var byMinute: [Int64: [Int]] = [:]

        init(_ counts: MinuteCounts) {
            for (index, minute) in counts.minutes.enumerated() {
                byMinute[minute] = counts.columns.map { Int($0[index]) }
            }
        }

        mutating func add(
            _ units: CountedUnits, _ sign: Int, _ fields: FieldResolver
        ) throws {
            try add(units.spans, .span, sign, fields)
            try add(units.traces, .trace, sign, fields)
        }

        private mutating func add(
            _ units: CountedUnits.Kind, _ unit: Unit, _ sign: Int, _ fields: FieldResolver
        ) throws {
            let dropped = try Self.dropped(fields.frame)
            let starts = try fields.starts(unit).starts
            let rootRows = unit == .trace ? try fields.traceTimes().rootRows : []
            // Units lie in the order of time, but for a few: mostly the minute is that of the one before.
            var minute = Int64.min
            var counts = [Int](repeating: 0, count: Column.allCases.count)
            func flush() {
                if minute == .min { return }
                for (index, count) in counts.enumerated() {
                    byMinute[minute, default: counts.map { _ in 0 }][index] += count * sign
                    counts[index] = 0
                }
            }
            units.selection.visit { _, number in
                let own = MinuteCounts.minute(of: starts[number])
                if own != minute {
                    flush()
                    minute = own
                }
                let hasFailed = units.hasFailed[number] ? 1 : 0
                if unit == .span {
                    counts[Column.spans.rawValue] += 1
                    counts[Column.spanFailures.rawValue] += hasFailed
                    counts[Column.droppedOfSpans.rawValue] += dropped.map { $0[number] } ?? 0
                } else {
                    let rows = fields.frame.rows(of: number)
                    counts[Column.traces.rawValue] += 1
                    counts[Column.traceFailures.rawValue] += hasFailed
                    counts[Column.spansOfTraces.rawValue] += rows.count
                    counts[Column.openTraces.rawValue] += rootRows[number] < 0 ? 1 : 0
                    counts[Column.droppedOfTraces.rawValue] +=
                        dropped.map { dropped in rows.reduce(0) { $0 + dropped[$1] } } ?? 0
                }
            }
            flush()
        }

        /// By row; nil if nothing was dropped, as is nearly always so.
        private static func dropped(_ frame: any Frame) throws -> [Int]? {
            var sums: [Int]?
            for field in [SpanField.droppedAttributes, .droppedEvents, .droppedLinks] {
                guard let column = try frame.field(field) else { continue }
                let dense = column.denseNumbers(rowCount: frame.spanCount)
                var all = sums ?? [Int](repeating: 0, count: frame.spanCount)
                for row in all.indices { all[row] += Int(truncatingIfNeeded: dense[row]) }
                sums = all
            }
            return sums
        }

        var finished: MinuteCounts {
            let present = byMinute.filter { $0.value.contains { $0 != 0 } }
            let minutes = present.keys.sorted()
            return MinuteCounts(
                minutes: minutes,
                columns: Column.allCases.map { column in
                    minutes.map { minute in
                        let count = present[minute]?[column.rawValue] ?? 0
                        return min(UInt64(max(0, count)), countMax)
                    }
                })
        }
    }
}
