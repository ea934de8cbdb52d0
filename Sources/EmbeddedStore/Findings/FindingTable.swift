internal import Foundation
internal import GRDB
internal import Spans
internal import Store

/// The tables of the watch's findings in the catalog.
extension Catalog {
    func findings() throws -> [StandingFinding] {
        try database.read { db in
            var sightings: [String: [Sighting]] = [:]
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM finding_sighting ORDER BY finding, window_to")
            for row in rows {
                sightings[try row.decode(forColumn: "finding"), default: []].append(
                    try Sighting(row))
            }
            return try Row.fetchAll(db, sql: "SELECT * FROM finding ORDER BY opened, id").map {
                try StandingFinding($0, sightings[$0.decode(forColumn: "id")] ?? [])
            }
        }
    }

    /// Puts each in the place of the one of its id, in one synced transaction.
    func save(_ findings: [StandingFinding], removing ids: [String]) throws {
        try database.write { db in
            for id in ids {
                try db.execute(sql: "DELETE FROM finding WHERE id = ?", arguments: [id])
            }
            for finding in findings {
                try Self.save(finding, db)
                try Self.saveSightings(of: finding, db)
            }
        }
    }

    private static func save(_ finding: StandingFinding, _ db: Database) throws {
        // Replacing the row would take its sightings along.
        try db.execute(
            sql: """
                INSERT INTO finding (id, state, opened, resolved, failure, slice, also, onset, traces, changes, told)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, resolved = excluded.resolved,
                    slice = excluded.slice, also = excluded.also, onset = excluded.onset,
                    traces = excluded.traces, changes = excluded.changes, told = excluded.told
                """,
            arguments: [
                finding.id, finding.isOpen ? "open" : "resolved", finding.opened, finding.resolved,
                finding.failure,
                try StoredJSON.text(finding.slice.map(StoredTerm.init)),
                try StoredJSON.text(finding.also.map { $0.map(StoredTerm.init) }),
                try finding.onset.map { try StoredJSON.text(StoredOnset($0)) },
                try StoredJSON.text(finding.examples.map { Hex.text(traceID: $0) }),
                try StoredJSON.text(finding.changes.map(StoredChange.init)), finding.told,
            ])
    }

    /// Writes the new ones, and removes those that were thinned out.
    private static func saveSightings(of finding: StandingFinding, _ db: Database) throws {
        let known = try Set(
            Int64.fetchAll(
                db, sql: "SELECT window_to FROM finding_sighting WHERE finding = ?",
                arguments: [finding.id]))
        let kept = Set(finding.sightings.map(\.to))
        for time in known.subtracting(kept) {
            try db.execute(
                sql: "DELETE FROM finding_sighting WHERE finding = ? AND window_to = ?",
                arguments: [finding.id, time])
        }
        for sighting in finding.sightings where !known.contains(sighting.to) {
            try insert(sighting, of: finding.id, db)
        }
    }

    private static func insert(_ sighting: Sighting, of id: String, _ db: Database) throws {
        let figures = sighting.figures
        // Two looks that end at the same time cannot both be kept.
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO finding_sighting (finding, window_to, window_from, question, target, baseline,
                    target_rate, rest_rate, excess, p_log10, q_value, units, failures)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, sighting.to, sighting.from, sighting.question.rawValue, figures.target,
                figures.baseline, figures.targetRate, figures.restRate, figures.excess,
                figures.pLog10, figures.qValue, sighting.units, sighting.failures,
            ])
    }
}

extension Sighting {
    fileprivate init(_ row: Row) throws {
        let question: String = try row.decode(forColumn: "question")
        self.init(
            WatchQuestion(rawValue: question) ?? .failing,
            from: try row.decode(forColumn: "window_from"),
            to: try row.decode(forColumn: "window_to"),
            figures: FindingFigures(
                target: try row.decode(forColumn: "target"),
                baseline: try row.decode(forColumn: "baseline"),
                targetRate: try row.decode(forColumn: "target_rate"),
                restRate: try row.decode(forColumn: "rest_rate"),
                excess: try row.decode(forColumn: "excess"),
                pLog10: try row.decode(forColumn: "p_log10"),
                qValue: try row.decode(forColumn: "q_value")),
            units: try row.decode(forColumn: "units"),
            failures: try row.decode(forColumn: "failures"))
    }
}

extension StandingFinding {
    fileprivate init(_ row: Row, _ sightings: [Sighting]) throws {
        func json<T: Decodable>(_ column: String) throws -> T {
            try StoredJSON.value(row.decode(String.self, forColumn: column))
        }
        let slice: [StoredTerm] = try json("slice")
        let also: [[StoredTerm]] = try json("also")
        let changes: [StoredChange] = try json("changes")
        let traces: [String] = try json("traces")
        let onset = try row.decode(String?.self, forColumn: "onset").map {
            try StoredJSON.value($0) as StoredOnset
        }
        self.init(
            id: try row.decode(forColumn: "id"),
            failure: try row.decode(forColumn: "failure"),
            slice: slice.map(\.term), also: also.map { $0.map(\.term) },
            onset: onset?.onset, examples: traces.compactMap { UInt128($0, radix: 16) },
            sightings: sightings, changes: changes.map(\.change),
            told: try row.decode(forColumn: "told"))
    }
}
