/// The question behind `/v1/traces` and `/v1/spans`: which of them, in which order, page by page.
package struct ListQuery: Sendable {
    package enum Order: Sendable {
        case newest, oldest, longest, shortest

        package var isAscending: Bool { self == .oldest || self == .shortest }
        package var isByTime: Bool { self == .newest || self == .oldest }
    }

    /// What is listed.
    package var unit: Unit
    package var condition: Expression?
    package var failure: Expression
    package var range: TimeRange
    package var order: Order
    package var limit: Int
    package var after: Cursor?

    package init(
        _ unit: Unit, condition: Expression? = nil, failure: Expression = SliceQuery.defaultFailure,
        range: TimeRange = TimeRange(from: nil, to: nil), order: Order = .newest, limit: Int = 20,
        after: Cursor? = nil
    ) {
        self.unit = unit
        self.condition = condition
        self.failure = failure
        self.range = range
        self.order = order
        self.limit = limit
        self.after = after
    }
}

extension ListQuery {
    /// A trace, or one of its spans, among all others.
    package struct Key: Sendable, Hashable {
        /// A client and a server half may share an id and differ in kind only; copies that lie in two
        /// partitions differ in their start.
        package struct Span: Sendable, Hashable {
            package var id: UInt64
            package var kind: UInt64
            /// Unix nanoseconds.
            package var start: Int64

            package init(id: UInt64, kind: UInt64, start: Int64) {
                self.id = id
                self.kind = kind
                self.start = start
            }
        }

        package var traceID: [UInt8]
        /// nil where traces are listed.
        package var span: Span?

        package init(traceID: [UInt8], span: Span? = nil) {
            self.traceID = traceID
            self.span = span
        }

        fileprivate func precedes(_ other: Key) -> Bool {
            if traceID != other.traceID { return traceID.lexicographicallyPrecedes(other.traceID) }
            guard let span, let that = other.span else { return false }
            return (span.id, span.kind, span.start) < (that.id, that.kind, that.start)
        }
    }

    /// Where the page before ended: what this one begins after.
    package struct Cursor: Sendable, Hashable {
        /// A start in Unix nanoseconds, or a duration in nanoseconds: what is ordered by.
        package var value: Int64
        package var key: Key

        package init(value: Int64, key: Key) {
            self.value = value
            self.key = key
        }

        /// Whether this comes before `other`; keys decide where values tie.
        package func precedes(_ other: Cursor, _ order: Order) -> Bool {
            if value != other.value {
                return order.isAscending ? value < other.value : value > other.value
            }
            return key.precedes(other.key)
        }
    }
}
