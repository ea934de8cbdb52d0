internal import GRDB
internal import Spans

/// The ledger's totals, which the catalog and every partition have.
extension LedgerCounts {
    init(_ db: Database) throws {
        self.init()
        for row in try Row.fetchAll(db, sql: "SELECT reason, amount FROM ledger") {
            let name = try row.decode(String.self, forColumn: "reason")
            let amount = try row.decode(Int.self, forColumn: "amount")
            if let reason = LedgerReason(rawValue: name) { count(reason, amount) }
        }
    }
}

extension Ledger {
    /// Adds these to what the file has, in the transaction of what they are about.
    ///
    /// - Parameter received: Unix nanoseconds.
    func save(_ db: Database, at received: UInt64) throws {
        if isEmpty { return }
        let received = Int64(clamping: received)
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO ledger (reason, amount, first, last) VALUES (?1, ?2, ?3, ?3)
                ON CONFLICT (reason) DO UPDATE SET amount = amount + excluded.amount,
                    first = min(first, excluded.first), last = max(ifnull(last, ?3), ?3)
                """)
        for (reason, amount) in totals.counts {
            try statement.execute(arguments: [reason.rawValue, amount, received])
        }
        try LedgerLines.append(entries, at: received, to: db)
    }
}
