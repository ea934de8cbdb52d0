/// What was refused, repaired, late, doubled or dropped: by reason exactly, and by line as far as there is room.
///
/// While a span is being read nobody knows yet whose it is. What is counted meanwhile stays open until `settle` says so; so a
/// span about which nothing is counted costs nothing.
package struct Ledger: Sendable {
    /// Lines that one ledger has, in memory or in a file. What does not fit is in the totals alone.
    package static let linesMax = 10_000
    /// Different things counted about one span that get lines.
    private static let openMax = 256

    /// By reason, everything.
    package private(set) var totals = LedgerCounts()
    private var lines: [LedgerLine] = []
    /// Of each line.
    private var amounts: [Int] = []
    private var places: [LedgerLine: Int] = [:]
    private var open: [Open] = []

    private struct Open {
        let reason: LedgerReason
        let key: String?
        var amount: Int
    }

    package init() {}

    package var isEmpty: Bool { totals.isEmpty }

    package subscript(reason: LedgerReason) -> Int { totals[reason] }

    /// Whether something waits for `settle`.
    package var hasOpen: Bool { !open.isEmpty }

    /// - Parameter key: the attribute's key or the field's name that it is about.
    package mutating func count(_ reason: LedgerReason, _ amount: Int = 1, key: String? = nil) {
        guard amount > 0 else { return }
        totals.count(reason, amount)
        if let last = open.last, last.reason == reason, last.key == key {
            open[open.count - 1].amount = Self.sum(last.amount, amount)
        } else if open.count < Self.openMax {
            open.append(Open(reason: reason, key: key, amount: amount))
        }
    }

    package mutating func count(
        _ reason: LedgerReason, _ amount: Int = 1, key: UnsafeRawBufferPointer
    ) {
        guard amount > 0 else { return }
        count(reason, amount, key: LedgerLine.shortened(String(decoding: key, as: UTF8.self)))
    }

    /// Counts what is all about one key.
    package mutating func count(_ counts: LedgerCounts, key: UnsafeRawBufferPointer) {
        if counts.isEmpty { return }
        for reason in LedgerReason.allCases where counts[reason] > 0 {
            count(reason, counts[reason], key: key)
        }
    }

    /// Counts by a line that is known whole.
    package mutating func count(_ line: LedgerLine, _ amount: Int = 1) {
        guard amount > 0 else { return }
        totals.count(line.reason, amount)
        list(line, amount)
    }

    /// Says whose all was about that is open.
    package mutating func settle(_ owner: SpanOwner) {
        for entry in open {
            list(
                LedgerLine(
                    entry.reason, tenant: owner.tenant, service: owner.service, key: entry.key),
                entry.amount)
        }
        open.removeAll(keepingCapacity: true)
    }

    package mutating func add(_ other: Ledger) {
        if other.isEmpty { return }
        totals.add(other.totals)
        for (line, amount) in other.entries { list(line, amount) }
    }

    /// The lines, in the order in which they came; what is open is nobody's.
    package var entries: [(line: LedgerLine, amount: Int)] {
        var settled = self
        settled.settle(SpanOwner())
        return Array(zip(settled.lines, settled.amounts)).map { (line: $0.0, amount: $0.1) }
    }

    private mutating func list(_ line: LedgerLine, _ amount: Int) {
        if let place = places[line] {
            amounts[place] = Self.sum(amounts[place], amount)
        } else if lines.count < Self.linesMax {
            places[line] = lines.count
            lines.append(line)
            amounts.append(amount)
        }
    }

    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}
