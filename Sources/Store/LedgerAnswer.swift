package import Spans

/// The ledger by line: what a store has counted since it was made.
package struct LedgerAnswer: Sendable {
    /// In no order; no line twice.
    package var entries: [LedgerEntry] = []
    /// What is held, for the coverage.
    package var spans = 0
    package var oldest: Int64?
    package var newest: Int64?

    package init() {}
}

/// What one line of the ledger has counted.
package struct LedgerEntry: Sendable, Equatable {
    package var line: LedgerLine
    package var count: Int
    /// When what was counted first and last was received, in Unix nanoseconds; nil if that was not written down.
    package var first: Int64?
    package var last: Int64?
    /// Whether it is what a reason counts beyond the lines that are kept: then tenant, service and key are open, and the times
    /// are those of the reason.
    package var isOther: Bool

    package init(
        _ line: LedgerLine, count: Int, first: Int64?, last: Int64?, isOther: Bool = false
    ) {
        self.line = line
        self.count = count
        self.first = first
        self.last = last
        self.isOther = isOther
    }

    /// Adds what another file, say, has counted under the same.
    package mutating func add(_ other: LedgerEntry) {
        let (sum, overflow) = count.addingReportingOverflow(other.count)
        count = overflow ? .max : sum
        first = [first, other.first].compactMap(\.self).min()
        last = [last, other.last].compactMap(\.self).max()
    }
}
