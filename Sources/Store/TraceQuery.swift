/// The question behind `GET /v1/traces`: which traces, in which order.
package struct TraceQuery: Sendable {
    package enum Order: Sendable {
        case newest, oldest, longest, shortest
    }

    /// Where the page before ended: the trace after which this one begins.
    package struct Cursor: Sendable, Hashable {
        /// Its start in Unix nanoseconds, or its duration in nanoseconds: what is ordered by.
        package var value: Int64
        package var traceID: [UInt8]

        package init(value: Int64, traceID: [UInt8]) {
            self.value = value
            self.traceID = traceID
        }

        /// Whether this comes before `other`; ids decide where values tie.
        package func precedes(_ other: Cursor, _ order: Order) -> Bool {
            if value != other.value {
                return order.isAscending ? value < other.value : value > other.value
            }
            return traceID.lexicographicallyPrecedes(other.traceID)
        }
    }

    package var condition: Expression?
    package var failure: Expression
    package var range: TimeRange
    package var order: Order
    package var limit: Int
    package var after: Cursor?

    package init(
        condition: Expression? = nil, failure: Expression = SliceQuery.defaultFailure,
        range: TimeRange = TimeRange(from: nil, to: nil), order: Order = .newest, limit: Int = 20,
        after: Cursor? = nil
    ) {
        self.condition = condition
        self.failure = failure
        self.range = range
        self.order = order
        self.limit = limit
        self.after = after
    }
}

extension TraceQuery.Order {
    package var isAscending: Bool { self == .oldest || self == .shortest }
    package var isByTime: Bool { self == .newest || self == .oldest }
}

/// What a trace is as a whole.
package struct TraceSummary: Sendable {
    package var id: [UInt8]
    /// Unix nanoseconds.
    package var start: Int64
    /// Nanoseconds.
    package var duration: UInt64
    /// `ok`, `error` or `unset`, as its root says.
    package var status: String
    package var name: String
    /// By the query's own expression.
    package var hasFailed: Bool

    package init(
        id: [UInt8], start: Int64, duration: UInt64, status: String, name: String, hasFailed: Bool
    ) {
        self.id = id
        self.start = start
        self.duration = duration
        self.status = status
        self.name = name
        self.hasFailed = hasFailed
    }
}

/// The answer to a `TraceQuery`.
package struct TraceAnswer: Sendable {
    package var traces: [TraceSummary]
    /// All spans of these traces.
    package var rows: SpanRows
    /// Where the next page begins; nil after the last.
    package var next: TraceQuery.Cursor?
    package var coverage: Coverage

    package init(
        traces: [TraceSummary], rows: SpanRows, next: TraceQuery.Cursor?, coverage: Coverage
    ) {
        self.traces = traces
        self.rows = rows
        self.next = next
        self.coverage = coverage
    }
}
