internal import JSON
internal import Spans
package import Store

/// The rows of the ledger that were asked for, and what is around them.
package struct LedgerReport: Sendable {
    /// What tells rows apart.
    struct Place: Hashable, Sendable {
        /// In the order of `by`.
        let values: [String?]
        /// Whether tenant, service and key are open.
        let isOther: Bool

        init(_ entry: LedgerEntry, _ by: [LedgerRequest.Part]) {
            values = by.map { entry.line[$0] }
            isOther = entry.isOther && by.contains { $0 != .reason }
        }
    }

    struct Row: Sendable {
        let place: Place
        var entry: LedgerEntry
    }

    let by: [LedgerRequest.Part]
    var rows: [Row] = []
    /// How many there are, before the limit.
    package internal(set) var groups = 0
    /// Of each reason that is left, all that the filters leave, whatever the limit.
    private(set) var reasons: [LedgerEntry] = []
    package internal(set) var coverage: Coverage

    init(by: [LedgerRequest.Part], coverage: Coverage) {
        self.by = by
        self.coverage = coverage
    }

    var total: Int {
        reasons.reduce(0) { sum, entry in
            let (next, overflow) = sum.addingReportingOverflow(entry.count)
            return overflow ? .max : next
        }
    }

    mutating func add(_ entry: LedgerEntry) {
        if let known = reasons.firstIndex(where: { $0.line.reason == entry.line.reason }) {
            reasons[known].add(entry)
        } else {
            var first = entry
            first.line = LedgerLine(entry.line.reason)
            reasons.append(first)
        }
    }

    /// The most first; of as many by their values, null last.
    mutating func sort() {
        func precedes(_ a: String?, _ b: String?) -> Bool? {
            if a == b { return nil }
            guard let a, let b else { return a != nil }
            return a < b
        }
        rows.sort { a, b in
            if a.entry.count != b.entry.count { return a.entry.count > b.entry.count }
            for (one, other) in zip(a.place.values, b.place.values) {
                if let isFirst = precedes(one, other) { return isFirst }
            }
            return !a.place.isOther && b.place.isOther
        }
        reasons.sort { ($1.count, $0.line.reason.rawValue) < ($0.count, $1.line.reason.rawValue) }
    }

    func flat(_ row: Row) -> FlatRow {
        var cells = zip(by, row.place.values).map { part, value in
            FlatRow.Cell(
                part.rawValue,
                .group(value.map { .text($0) } ?? .null, Field(part.rawValue)))
        }
        cells.append(.init("count", .group(.integer(Int64(row.entry.count)), Field("count"))))
        cells.append(.init("first", Self.time(row.entry.first, "first")))
        cells.append(.init("last", Self.time(row.entry.last, "last")))
        cells.append(.init("other", .flag(row.place.isOther)))
        return FlatRow(cells: cells)
    }

    private static func time(_ time: Int64?, _ name: String) -> FlatRow.Content {
        time.map { .time($0) } ?? .group(.null, Field(name))
    }

    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("by")
            json.array { json in
                for part in by { json.value(part.rawValue) }
            }
            json.key("rows")
            json.array { json in
                for row in rows {
                    json.newline()
                    flat(row).write(&json)
                }
            }
            json.newline()
            json.member("groups", groups)
            json.member("total", total)
            json.key("reasons")
            json.array { json in
                for entry in reasons {
                    json.newline()
                    write(entry, &json)
                }
            }
            json.newline()
            json.key("coverage")
            coverage.write(&json)
        }
        json.newline()
        return json.bytes
    }

    private func write(_ entry: LedgerEntry, _ json: inout JSONWriter) {
        json.object { json in
            json.member("reason", entry.line.reason.rawValue)
            json.member("count", entry.count)
            json.time("first", entry.first)
            json.time("last", entry.last)
            json.member("meaning", entry.line.reason.meaning)
        }
    }
}
