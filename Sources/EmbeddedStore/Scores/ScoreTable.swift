internal import Foundation
internal import GRDB
internal import Spans

/// The table of scores in the catalog.
extension Catalog {
    /// Writes scores in one synced transaction.
    ///
    /// - Returns: for each whether it replaced another.
    func save(_ scores: [Score], receivedAt: UInt64) throws -> [Bool] {
        try database.write { db in
            let find = try db.makeStatement(
                sql: """
                    SELECT 1 FROM score WHERE name = ? AND trace_id = ? AND span_id = ?
                    AND response_id = ? AND evaluator = ?
                    """)
            let put = try db.makeStatement(
                sql: """
                    INSERT OR REPLACE INTO score (name, trace_id, span_id, response_id, evaluator, value,
                        label, comment, source, error_type, time, received)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            return try scores.map { score in
                let place = StoredTarget(score.target)
                let key: StatementArguments = [
                    score.name, place.traceID, place.spanID, place.responseID, score.evaluator,
                ]
                let isKnown = try Int.fetchOne(find, arguments: key) != nil
                try put.execute(
                    arguments: key + [
                        score.value, score.label, score.comment, score.source, score.errorType,
                        score.time, Int64(clamping: receivedAt),
                    ])
                return isKnown
            }
        }
    }

    /// How many scores each name has.
    func scoreCounts() throws -> [String: Int] {
        try database.read { db in
            var counts: [String: Int] = [:]
            let rows = try Row.fetchAll(
                db, sql: "SELECT name, count(*) AS amount FROM score GROUP BY name")
            for row in rows {
                counts[try row.decode(forColumn: "name")] = try row.decode(forColumn: "amount")
            }
            return counts
        }
    }

    func scores(named name: String, _ body: (Score) -> Void) throws {
        try database.read { db in
            let rows = try Row.fetchCursor(
                db, sql: "SELECT * FROM score WHERE name = ?", arguments: [name])
            while let row = try rows.next() { body(try Score(row)) }
        }
    }

    func scores(ofTrace id: [UInt8], responses: Set<String>) throws -> [Score] {
        try database.read { db in
            var scores = try Row.fetchAll(
                db, sql: "SELECT * FROM score WHERE trace_id = ? AND trace_id <> x''",
                arguments: [Data(id)]
            ).map { try Score($0) }
            for response in responses {
                scores += try Row.fetchAll(
                    db, sql: "SELECT * FROM score WHERE response_id = ? AND response_id <> ''",
                    arguments: [response]
                ).map { try Score($0) }
            }
            return scores
        }
    }

    /// - Returns: how many there were.
    func removeScores(before time: Int64) throws -> Int {
        try database.write { db in
            try db.execute(sql: "DELETE FROM score WHERE time < ?", arguments: [time])
            return db.changesCount
        }
    }
}

/// A target as the columns of its row.
private struct StoredTarget {
    var traceID = Data()
    var spanID = Data()
    var responseID = ""

    init(_ target: Score.Target) {
        switch target {
        case .span(let trace, let span):
            traceID = withUnsafeBytes(of: trace.bigEndian) { Data($0) }
            if span != 0 { spanID = withUnsafeBytes(of: span.bigEndian) { Data($0) } }
        case .response(let id): responseID = id
        }
    }
}

extension Score {
    fileprivate init(_ row: Row) throws {
        let trace = try row.decode(Data.self, forColumn: "trace_id")
        let span = try row.decode(Data.self, forColumn: "span_id")
        let target: Target =
            trace.isEmpty
            ? .response(try row.decode(forColumn: "response_id"))
            : .span(
                traceID: trace.reduce(0) { $0 << 8 | UInt128($1) },
                spanID: span.reduce(0) { $0 << 8 | UInt64($1) })
        self.init(
            target: target, name: try row.decode(forColumn: "name"),
            value: try row.decode(forColumn: "value"), label: try row.decode(forColumn: "label"),
            time: try row.decode(forColumn: "time"))
        comment = try row.decode(forColumn: "comment")
        source = try row.decode(forColumn: "source")
        evaluator = try row.decode(forColumn: "evaluator")
        errorType = try row.decode(forColumn: "error_type")
    }
}
