internal import GRDB
internal import JSON
internal import Spans
internal import Store

/// The ledger's lines in a file: a commit writes all of its own as one row, and every so often these are added up.
///
/// So a commit of spans of a thousand tenants costs one statement, and the table stays as small as its lines are few.
enum LedgerLines {
    /// Commits whose lines wait to be added up.
    private static let commitsMax = 256
    /// A commit with more lines has all of them added up at once.
    private static let linesOfCommitMax = 1024

    static func append(
        _ entries: [(line: LedgerLine, amount: Int)], at received: Int64, to db: Database
    ) throws {
        if entries.isEmpty { return }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO ledger_commit (received, lines) VALUES (?, ?)")
        try statement.execute(arguments: [received, LedgerCommit.text(entries)])
        // Numbers begin at 1 again once all rows are gone.
        if db.lastInsertedRowID >= commitsMax || entries.count > linesOfCommitMax { try fold(db) }
    }

    /// Adds up what waits.
    private static func fold(_ db: Database) throws {
        var sums = LedgerSums()
        try addCommits(to: &sums, db)
        let known = try ids(db)
        // Whatever damage has left there, no commit may fail for it.
        let update = try db.cachedStatement(
            sql: """
                UPDATE ledger_line SET
                    amount = min(max(ifnull(amount, 0), 0), 9223372036854775807 - ?1) + ?1,
                    first = min(ifnull(first, ?2), ?2), last = max(ifnull(last, ?3), ?3)
                WHERE id = ?4
                """)
        let insert = try db.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO ledger_line (amount, first, last, reason, tenant, service, key)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """)
        let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM ledger_line") ?? 0
        var room = Ledger.linesMax - min(max(last, 0), Ledger.linesMax)
        for entry in sums.entries {
            let line = entry.line
            if let id = known[line] {
                try update.execute(arguments: [entry.count, entry.first, entry.last, id])
            } else if room > 0 {
                try insert.execute(arguments: [
                    entry.count, entry.first, entry.last, line.reason.rawValue, line.tenant,
                    line.service, line.key,
                ])
                room -= 1
            }
        }
        try db.execute(sql: "DELETE FROM ledger_commit")
    }

    /// The numbers of all lines. Read at once: looking each one up takes several times as long.
    private static func ids(_ db: Database) throws -> [LedgerLine: Int64] {
        var ids: [LedgerLine: Int64] = [:]
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, reason, tenant, service, key FROM ledger_line")
        while let row = try rows.next() {
            guard
                let reason = String.fromDatabaseValue(row[1]).flatMap(LedgerReason.init(rawValue:))
            else { continue }
            let line = LedgerLine(
                reason, tenant: String.fromDatabaseValue(row[2]),
                service: String.fromDatabaseValue(row[3]), key: String.fromDatabaseValue(row[4]))
            ids[line] = Int64.fromDatabaseValue(row[0])
        }
        return ids
    }

    /// All that a file has counted: each line, and of each reason what is in none.
    static func entries(_ db: Database) throws -> [LedgerEntry] {
        var sums = LedgerSums(linesMax: Ledger.linesMax)
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT reason, tenant, service, key, amount, first, last FROM ledger_line ORDER BY id
                """)
        while let row = try rows.next() {
            if let entry = LedgerEntry(row) { sums.add(entry) }
        }
        try addCommits(to: &sums, db)
        return sums.entries + (try rests(sums.entries, db))
    }

    private static func addCommits(to sums: inout LedgerSums, _ db: Database) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT received, lines FROM ledger_commit ORDER BY id")
        while let row = try rows.next() {
            // One that cannot be read is damaged; what it counted is in the totals.
            guard let received = Int64.fromDatabaseValue(row["received"]),
                let lines = LedgerCommit.lines(row["lines"])
            else { continue }
            for (line, amount) in lines {
                sums.add(LedgerEntry(line, count: amount, first: received, last: received))
            }
        }
    }

    /// What the totals have beyond the lines.
    private static func rests(
        _ entries: [LedgerEntry], _ db: Database
    ) throws -> [LedgerEntry] {
        var listed = LedgerCounts()
        for entry in entries { listed.count(entry.line.reason, entry.count) }
        return try Row.fetchAll(db, sql: "SELECT reason, amount, first, last FROM ledger")
            .compactMap { row in
                let name = try row.decode(String.self, forColumn: "reason")
                let amount = try row.decode(Int.self, forColumn: "amount")
                guard let reason = LedgerReason(rawValue: name), amount > listed[reason] else {
                    return nil
                }
                return LedgerEntry(
                    LedgerLine(reason), count: amount - listed[reason],
                    first: try row.decode(forColumn: "first"),
                    last: try row.decode(forColumn: "last"), isOther: true)
            }
    }

    // MARK: Checking

    /// What is wrong with the lines of a file, if anything.
    static func faults(_ db: Database) throws -> [(expected: String, found: String)] {
        var faults: [(String, String)] = []
        let texts = try Row.fetchCursor(db, sql: "SELECT id, lines FROM ledger_commit")
        while let row = try texts.next() {
            if LedgerCommit.lines(row["lines"]) == nil {
                let id = try row.decode(Int64.self, forColumn: "id")
                faults.append(("lines of the ledger in row \(id) of ledger_commit", "other text"))
            }
        }
        var listed = LedgerCounts()
        for entry in try entries(db) where !entry.isOther {
            listed.count(entry.line.reason, entry.count)
        }
        let totals = try LedgerCounts(db)
        for reason in LedgerReason.allCases where listed[reason] > totals[reason] {
            faults.append(
                (
                    "lines of \(reason.rawValue) that add up to \(totals[reason]) at most",
                    "\(listed[reason])"
                ))
        }
        return faults
    }
}

/// Sums by line, in the order in which lines came.
private struct LedgerSums {
    private(set) var entries: [LedgerEntry] = []
    private var places: [LedgerLine: Int] = [:]
    private let linesMax: Int

    init(linesMax: Int = .max) { self.linesMax = linesMax }

    mutating func add(_ entry: LedgerEntry) {
        if let place = places[entry.line] {
            entries[place].add(entry)
        } else if entries.count < linesMax {
            places[entry.line] = entries.count
            entries.append(entry)
        }
    }
}

extension LedgerEntry {
    /// nil if a newer version has written it, or it is damaged: what it counted is in the totals.
    fileprivate init?(_ row: Row) {
        guard let name = String.fromDatabaseValue(row["reason"]),
            let reason = LedgerReason(rawValue: name),
            let amount = Int.fromDatabaseValue(row["amount"]), amount > 0
        else { return nil }
        self.init(
            LedgerLine(
                reason, tenant: String.fromDatabaseValue(row["tenant"]),
                service: String.fromDatabaseValue(row["service"]),
                key: String.fromDatabaseValue(row["key"])),
            count: amount, first: Int64.fromDatabaseValue(row["first"]),
            last: Int64.fromDatabaseValue(row["last"]))
    }
}

/// The lines of one commit as JSON: `[["span.late","acme","checkout",null,12],…]`.
private enum LedgerCommit {
    static func text(_ entries: [(line: LedgerLine, amount: Int)]) -> String {
        var json = JSONWriter()
        json.array { json in
            for (line, amount) in entries {
                json.array { json in
                    json.value(line.reason.rawValue)
                    for text in [line.tenant, line.service, line.key] {
                        if let text { json.value(text) } else { json.null() }
                    }
                    json.value(amount)
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// - Returns: nil if the text is none of these.
    static func lines(_ value: DatabaseValue) -> [(line: LedgerLine, amount: Int)]? {
        guard var text = String.fromDatabaseValue(value) else { return nil }
        return text.withUTF8 { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(bytes))
            return try? lines(&cursor)
        }
    }

    private static func lines(
        _ cursor: inout JSONCursor
    ) throws(JSONError) -> [(line: LedgerLine, amount: Int)] {
        var lines: [(line: LedgerLine, amount: Int)] = []
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            var isFirstPart = true
            var texts: [String?] = []
            var amount: Int64 = 0
            try cursor.enterArray()
            while try cursor.nextElement(&isFirstPart) {
                switch try cursor.kind() {
                case .null:
                    try cursor.null()
                    texts.append(nil)
                case .number: amount = try cursor.number().int64 ?? 0
                default: texts.append(try cursor.string().decodedString)
                }
            }
            guard texts.count == 4, let name = texts[0] else { throw cursor.error("a line") }
            // One that is not known here was written by a newer version.
            guard let reason = LedgerReason(rawValue: name), amount > 0 else { continue }
            let line = LedgerLine(reason, tenant: texts[1], service: texts[2], key: texts[3])
            lines.append((line, Int(amount)))
        }
        return lines
    }
}
