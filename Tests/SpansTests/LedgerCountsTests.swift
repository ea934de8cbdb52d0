import Spans
import Testing

@Suite struct `Ledger counts` {
    /// A damaged file may count anything.
    @Test func `stop at the largest number`() {
        var counts = LedgerCounts()
        counts.count(.late, .max - 1)
        counts.count(.late, 5)
        counts.count(.duplicateSpan, .max)
        counts.count(.tooOld, -3)
        #expect(counts[.late] == .max)
        #expect(counts.sum([.late, .duplicateSpan, .tooOld]) == .max)
        #expect(counts[.tooOld] == 0)
    }
}
