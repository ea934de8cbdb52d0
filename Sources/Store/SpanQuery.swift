package import Spans

/// The question behind `/v1/spans`: which spans, in which order.
package struct SpanQuery: Sendable {
    package enum Order: Sendable {
        case newest
        case longest
    }

    /// A span among all others. A client and a server half may share an id and differ in kind only; copies
    /// that lie in two partitions differ in their start.
    package struct Key: Sendable, Hashable {
        package var traceID: [UInt8]
        package var spanID: UInt64
        package var kind: UInt64
        /// Unix nanoseconds.
        package var start: Int64

        package init(traceID: [UInt8], spanID: UInt64, kind: UInt64, start: Int64) {
            self.traceID = traceID
            self.spanID = spanID
            self.kind = kind
            self.start = start
        }

        fileprivate func precedes(_ other: Key) -> Bool {
            if traceID != other.traceID { return traceID.lexicographicallyPrecedes(other.traceID) }
            return (spanID, kind, start) < (other.spanID, other.kind, other.start)
        }
    }

    /// Where the page before ended: the span after which this one begins.
    package struct Cursor: Sendable, Hashable {
        /// Its start in Unix nanoseconds, or its duration in nanoseconds: what is ordered by.
        package var value: Int64
        package var key: Key

        package init(value: Int64, key: Key) {
            self.value = value
            self.key = key
        }

        /// Whether this comes before `other`: greater values first, then keys.
        package func precedes(_ other: Cursor) -> Bool {
            value != other.value ? value > other.value : key.precedes(other.key)
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

/// Spans as they were sent, with the canonical dimensions of each.
package struct SpanRows: Sendable {
    package var batch: SpanBatch
    /// For each span of the batch its canonical dimensions that have a value, by name, and those values.
    package var dimensions: [[(name: String, values: [GroupValue])]]
    /// The names under which dimensions may stand there: a span without one has no value, whatever raw key has the
    /// same name.
    package var canonical: Set<String>
    /// Rows of the batch that were asked for, in order. It may hold more: whole traces.
    package var shown: [Int]

    package init(
        batch: SpanBatch, dimensions: [[(name: String, values: [GroupValue])]],
        canonical: Set<String>
    ) {
        self.batch = batch
        self.canonical = canonical
        self.dimensions = dimensions
        shown = Array(0..<batch.count)
    }
}

/// The answer to a `SpanQuery`.
package struct SpanAnswer: Sendable {
    package var rows: SpanRows
    /// Where the next page begins; nil after the last.
    package var next: SpanQuery.Cursor?
    package var coverage: Coverage

    package init(rows: SpanRows, next: SpanQuery.Cursor?, coverage: Coverage) {
        self.rows = rows
        self.next = next
        self.coverage = coverage
    }
}
