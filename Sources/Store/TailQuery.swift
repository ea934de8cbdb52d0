/// The question behind `/v1/tail`: which spans are shown as they are committed.
package struct TailQuery: Sendable {
    package var condition: Expression?
    package var failure: Expression

    package init(
        condition: Expression? = nil, failure: Expression = SliceQuery.defaultFailure
    ) {
        self.condition = condition
        self.failure = failure
    }
}

/// What a tail saw since it was last asked.
package struct TailPage: Sendable {
    /// Spans in the order of their commits; none if none came.
    package var rows: SpanRows?
    /// Spans that came faster than a reader takes them, and were not looked at.
    package var skipped: Int

    package init(rows: SpanRows?, skipped: Int) {
        self.rows = rows
        self.skipped = skipped
    }

    package var isEmpty: Bool { rows == nil && skipped == 0 }
}

/// A tail that somebody follows. It ends when it is let go of.
package protocol Tail: Sendable {
    /// What was committed since the last call, once something was, or nothing after a while.
    func next() async throws -> TailPage
}
