internal import Foundation
internal import GRDB
internal import Spans
internal import Store

/// The tables of the watch's findings in the catalog.
extension Catalog {
    /// - Returns: the findings, and the ids of those that cannot be read.
    func findings(
        _ query: FindingsQuery
    ) throws -> (findings: [StandingFinding], unreadable: [String]) {
        try database.read { try Self.findings(query, $0) }
    }

    static func findings(
        _ query: FindingsQuery, _ db: Database
    ) throws -> (findings: [StandingFinding], unreadable: [String]) {
        var conditions = ["1"]
        var arguments = StatementArguments()
        if let isOpen = query.isOpen {
            conditions.append(isOpen ? "f.state = 'open'" : "f.state <> 'open'")
        }
        if let ids = query.ids {
            conditions.append("f.id IN (SELECT value FROM json_each(?))")
            arguments += [try StoredJSON.text(ids)]
        }
        let condition = conditions.joined(separator: " AND ")
        let newest =
            query.hasHistory
            ? ""
            : """
            AND s.window_to = (SELECT max(window_to) FROM finding_sighting WHERE finding = f.id)
            """
        let sightings = try Dictionary(
            grouping: Row.fetchAll(
                db,
                sql: """
                    SELECT s.* FROM finding f JOIN finding_sighting s ON s.finding = f.id \(newest)
                    WHERE \(condition) ORDER BY s.finding, s.window_to
                    """, arguments: arguments)
        ) { try $0.decode(String.self, forColumn: "finding") }
        var found: (findings: [StandingFinding], unreadable: [String]) = ([], [])
        let rows = try Row.fetchAll(
            db, sql: "SELECT f.* FROM finding f WHERE \(condition) ORDER BY f.opened, f.id",
            arguments: arguments)
        for row in rows {
            let id: String = try row.decode(forColumn: "id")
            do {
                let sightings = try (sightings[id] ?? []).map { try Sighting($0) }
                found.findings.append(try StandingFinding(row, sightings))
            } catch {
                found.unreadable.append(id)
            }
        }
        return found
    }

    func setTold(_ count: Int, of id: String) throws {
        try database.write { db in
            try db.execute(
                sql: "UPDATE finding SET told = max(told, ?) WHERE id = ?", arguments: [count, id])
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
        try db.execute(
            sql: """
                INSERT INTO finding_sighting (finding, window_to, window_from, question, target, baseline,
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
    /// - Throws: `DamagedBytes` if it has a number that no window has.
    fileprivate init(_ row: Row) throws {
        func count(_ column: String) throws -> Int {
            let count: Int = try row.decode(forColumn: column)
            guard (0...Self.countMax).contains(count) else { throw DamagedBytes(column) }
            return count
        }
        func number(_ column: String) throws -> Double {
            let number: Double = try row.decode(forColumn: column)
            guard number.magnitude <= Double(Self.countMax) else { throw DamagedBytes(column) }
            return number
        }
        func rate(_ column: String) throws -> Double? {
            let rate: Double? = try row.decode(forColumn: column)
            guard (0...1).contains(rate ?? 0) else { throw DamagedBytes(column) }
            return rate
        }
        guard let question = WatchQuestion(rawValue: try row.decode(forColumn: "question")) else {
            throw DamagedBytes("question")
        }
        self.init(
            question, from: try row.decode(forColumn: "window_from"),
            to: try row.decode(forColumn: "window_to"),
            figures: FindingFigures(
                target: try count("target"), baseline: try count("baseline"),
                targetRate: try rate("target_rate"), restRate: try rate("rest_rate"),
                excess: try number("excess"), pLog10: try number("p_log10"),
                qValue: try number("q_value")),
            units: try count("units"), failures: try count("failures"))
        guard failures <= units, to > from else { throw DamagedBytes("window") }
    }

    /// Beyond it a double does not count by ones; no machine holds as many spans.
    private static let countMax = 1 << 53
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
        guard !sightings.isEmpty, !changes.isEmpty else { throw DamagedBytes("a finding") }
        let onset = try row.decode(String?.self, forColumn: "onset").map {
            try StoredJSON.value($0) as StoredOnset
        }
        self.init(
            id: try row.decode(forColumn: "id"),
            failure: try row.decode(forColumn: "failure"),
            slice: slice.map(\.term), also: also.map { $0.map(\.term) },
            onset: onset?.onset, examples: traces.compactMap { UInt128($0, radix: 16) },
            sightings: sightings, changes: changes.map(\.change),
            told: min(max(0, try row.decode(forColumn: "told")), changes.count))
    }
}
