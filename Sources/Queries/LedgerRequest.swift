internal import JSON
internal import Spans
package import Store

/// `/v1/ledger`: which lines are asked for, and how they are to be written.
package struct LedgerRequest: Sendable {
    /// What rows are made of, in the order of their columns.
    enum Part: String, CaseIterable, Sendable {
        case reason, tenant, service, key
    }

    let by: [Part]
    private let reasons: Set<LedgerReason>
    /// What these parts must be; null is nothing.
    private let wanted: [(part: Part, value: String?)]
    /// Unix nanoseconds: lines that were counted since; nil for all.
    private let since: Int64?
    private let limit: Int?
    package let isCheck: Bool
    package let format: RowFormat
    let width: Int
    let zone: String

    private static let parts = Part.allCases.map(\.rawValue)
    private static let byParameter = Parameter(
        "by", "What rows are made of; they are summed over the others.", .list,
        standard: parts.joined(separator: ","), examples: ["reason", "tenant,reason"])
    private static let reason = Parameter(
        "reason", "Reasons, or what they begin with before a dot.", .list,
        examples: ["span.late", "span,upstream"])

    private static func exact(_ part: Part, _ meaning: String, _ example: String) -> Parameter {
        Parameter(
            part.rawValue,
            meaning + " null stands for none; in double quotes any text is itself.",
            examples: [example])
    }

    package static let parameters: [Parameter] = [
        byParameter, reason,
        exact(.tenant, "The tenant that the span itself says.", "acme"),
        exact(.service, "The service that the span itself says.", "checkout"),
        exact(.key, "The attribute's key or the field's name that it is about.", "user.id"),
        Parameter(
            "since",
            "Only lines that were counted within this time, each with all that it ever counted.",
            examples: ["15m", "24h"]),
        .zone,
        Parameter("limit", "How many rows at most.", .countOrAll, standard: "20"),
        .check, .format, .width,
    ]

    package init(_ parameters: QueryParameters) throws {
        let given = parameters.parameters
        try given.allow(only: Self.parameters)
        by = try Self.parts(given["by"])
        reasons = try Self.reasons(given["reason"])
        wanted = [Part.tenant, .service, .key].compactMap { part in
            given[part.rawValue].map { (part, Self.value($0)) }
        }
        since = try given["since"].map { parameters.now - (try parameters.duration($0, "since")) }
        limit = try parameters.limit()
        isCheck = try parameters.check()
        format = try parameters.format()
        width = try parameters.width()
        // Only to refuse one that is none.
        _ = try parameters.range()
        zone = given["tz"] ?? "UTC"
    }

    // MARK: Parameters

    private static func words(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func parts(_ text: String?) throws -> [Part] {
        let words = words(text)
        if words.isEmpty { return Part.allCases }
        return try words.enumerated().map { index, word in
            guard let part = Part(rawValue: word) else {
                throw QueryFailure("bad_by", "by=\(word): " + hint(word, parts))
            }
            guard words.firstIndex(of: word) == index else {
                throw QueryFailure("bad_by", "by has \(word) twice")
            }
            return part
        }
    }

    private static func reasons(_ text: String?) throws -> Set<LedgerReason> {
        guard let text else { return Set(LedgerReason.allCases) }
        var reasons: Set<LedgerReason> = []
        for word in words(text) {
            let found = LedgerReason.allCases.filter {
                $0.rawValue == word || $0.rawValue.hasPrefix(word + ".")
            }
            if found.isEmpty {
                let names = LedgerReason.allCases.map(\.rawValue)
                let kinds = Set(names.map { String($0.prefix { $0 != "." }) }).sorted()
                throw QueryFailure(
                    "bad_reason", "reason=\(word): " + hint(word, names + kinds, kinds))
            }
            reasons.formUnion(found)
        }
        return reasons
    }

    /// - Parameter all: what to name if nothing is near.
    private static func hint(_ word: String, _ names: [String], _ all: [String]? = nil) -> String {
        if let near = NearestName.of(word, among: names).first { return "did you mean \(near)?" }
        return "it is one of \((all ?? names).joined(separator: ", "))"
    }

    private static func value(_ text: String) -> String? {
        if text == "null" { return nil }
        let isQuoted = text.count >= 2 && text.first == "\"" && text.last == "\""
        return LedgerLine.shortened(isQuoted ? String(text.dropFirst().dropLast()) : text)
    }

    // MARK: Rows

    /// The rows, the most first.
    package func report(_ answer: LedgerAnswer, coverage: Coverage) -> LedgerReport {
        let entries = answer.entries.filter { isWanted($0) }
        var report = LedgerReport(by: by, coverage: coverage)
        var places: [LedgerReport.Place: Int] = [:]
        for entry in entries {
            report.add(entry)
            let place = LedgerReport.Place(entry, by)
            if let known = places[place] {
                report.rows[known].entry.add(entry)
            } else {
                places[place] = report.rows.count
                report.rows.append(.init(place: place, entry: entry))
            }
        }
        report.coverage.conditions = entries.isEmpty ? conditions(answer) : []
        report.sort()
        report.groups = report.rows.count
        if let limit { report.rows = Array(report.rows.prefix(limit)) }
        return report
    }

    private func isWanted(_ entry: LedgerEntry) -> Bool {
        guard reasons.contains(entry.line.reason) else { return false }
        if let since, (entry.last ?? .min) < since { return false }
        // Of what is in no line tenant, service and key are open, not none.
        return wanted.allSatisfy { !entry.isOther && entry.line[$0.part] == $0.value }
    }

    /// Where nothing is left: what each filter leaves alone, and what comes close.
    private func conditions(_ answer: LedgerAnswer) -> [ConditionReport] {
        wanted.map { part, value in
            let lines = answer.entries.filter { !$0.isOther }
            let same = lines.filter { $0.line[part] == value }
            let values = Set(lines.compactMap { $0.line[part] })
            return ConditionReport(
                text: "\(part.rawValue) = \(value ?? "null")",
                spans: same.reduce(0) { $0 + $1.count },
                closest: same.isEmpty ? NearestName.of(value ?? "", among: values) : [])
        }
    }

    package func body(_ report: LedgerReport) -> [UInt8] {
        switch format {
        case .json: report.json
        case .text: LedgerText(report, width: width, zone: zone).bytes
        case .rows, .ndjson, .csv:
            format.body(
                report.rows.map { report.flat($0) },
                names: by.map(\.rawValue) + ["count", "first", "last", "other"])
        }
    }
}

extension LedgerLine {
    subscript(part: LedgerRequest.Part) -> String? {
        switch part {
        case .reason: reason.rawValue
        case .tenant: tenant
        case .service: service
        case .key: key
        }
    }
}
