package import Spans

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

/// A page of the answer to a `ListQuery`.
package struct ListAnswer: Sendable {
    /// Where traces are listed, those of the page.
    package var traces: [TraceSummary]
    /// All spans of these traces; where spans are listed, those of the page are the ones shown.
    package var rows: SpanRows
    /// Where the next page begins; nil after the last.
    package var next: ListQuery.Cursor?
    package var coverage: Coverage

    package init(
        traces: [TraceSummary] = [], rows: SpanRows, next: ListQuery.Cursor?, coverage: Coverage
    ) {
        self.traces = traces
        self.rows = rows
        self.next = next
        self.coverage = coverage
    }
}
