internal import GRDB
internal import Spans

/// The ledger's table, which the catalog and every partition have.
extension LedgerCounts {
    init(_ db: Database) throws {
        self.init()
        for row in try Row.fetchAll(db, sql: "SELECT reason, amount FROM ledger") {
            let name = try row.decode(String.self, forColumn: "reason")
            let amount = try row.decode(Int.self, forColumn: "amount")
            if let reason = LedgerReason(rawValue: name) { count(reason, amount) }
        }
    }

    /// Adds these to what the table has.
    func save(_ db: Database) throws {
        for (reason, amount) in counts {
            try db.execute(
                sql: """
                    INSERT INTO ledger (reason, amount) VALUES (?, ?)
                    ON CONFLICT (reason) DO UPDATE SET amount = amount + excluded.amount
                    """, arguments: [reason.rawValue, amount])
        }
    }
}
