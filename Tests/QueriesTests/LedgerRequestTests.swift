import Spans
import Store
import Testing

@testable import Queries

private func request(_ query: String) throws -> LedgerRequest {
    var parameters = Parameters()
    try parameters.add(urlEncoded: query)
    return try LedgerRequest(QueryParameters(parameters, now: 1_795_000_000_000_000_000))
}

private func entry(
    _ reason: LedgerReason, _ tenant: String? = nil, _ service: String? = nil, _ key: String? = nil,
    count: Int = 1, at time: Int64? = 1_795_000_000_000_000_000, isOther: Bool = false
) -> LedgerEntry {
    LedgerEntry(
        LedgerLine(reason, tenant: tenant, service: service, key: key), count: count, first: time,
        last: time, isOther: isOther)
}

private let entries = [
    entry(.late, "acme", "api", count: 5), entry(.late, "acme", "web", count: 3),
    entry(.late, nil, "api", count: 2, at: 1_794_000_000_000_000_000),
    entry(.late, count: 4, at: nil, isOther: true),
    entry(.invalidUTF8, "acme", "api", "k", count: 9),
    entry(.invalidUTF8, "null", nil, "", count: 1),
    entry(.invalidSpan, "acme", nil, count: 7), entry(.invalidTraceID, "acme", nil, count: 6),
]

private func rows(_ query: String) throws -> [String] {
    var answer = LedgerAnswer()
    answer.entries = entries
    let report = try request(query).report(
        answer, coverage: Coverage(range: TimeRange(from: nil, to: nil)))
    return report.rows.map { row in
        row.place.values.map { $0 ?? "-" }.joined(separator: " ") + " \(row.entry.count)"
            + (row.place.isOther ? " other" : "")
    }
}

@Suite struct `Questions about the ledger` {
    @Test(
        arguments: [
            (
                "by=reason",
                [
                    "span.late 14", "text.invalid_utf8 10", "span.invalid 7",
                    "span.invalid_trace_id 6",
                ]
            ),
            ("by=tenant", ["acme 30", "- 4 other", "- 2", "null 1"]),
            ("by=tenant&limit=1", ["acme 30"]),
            (
                "by=service,reason&tenant=acme&reason=span.late",
                ["api span.late 5", "web span.late 3"]
            ),
            ("reason=span.invalid&by=reason", ["span.invalid 7"]),
            ("reason=text,span.invalid&by=reason", ["text.invalid_utf8 10", "span.invalid 7"]),
            (
                "by=reason&reason=span",
                ["span.late 14", "span.invalid 7", "span.invalid_trace_id 6"]
            ),
            ("tenant=null&by=tenant", ["- 2"]), ("tenant=\"null\"&by=tenant", ["null 1"]),
            ("key=null&by=reason", ["span.late 10", "span.invalid 7", "span.invalid_trace_id 6"]),
            ("key=\"\"&by=key", [" 1"]), ("key=&by=key", [" 1"]), ("key=k&by=key", ["k 9"]),
            ("tenant=none", []), ("since=1h&by=reason&reason=span.late", ["span.late 8"]),
            ("by=&reason=upstream", []), ("by=key,%20tenant&reason=text", ["k acme 9", " null 1"]),
        ] as [(String, [String])])
    func `sum, filter and order`(query: String, expected: [String]) throws {
        #expect(try rows(query) == expected)
    }

    @Test(arguments: [
        ("by=tenat", "tenant"), ("by=reason,reason", "twice"), ("by=%2a", "reason, tenant"),
        ("reason=span.lat", "span.late"), ("reason=nothing.like.it", "upstream"),
        ("reason=spam", "span"), ("tenent=x", "tenant"), ("limit=0", "number"),
        ("format=xml", "ndjson"), ("since=x", "duration"), ("tz=Mars/Olympus", "zone"),
        ("check=2", "0 or 1"), ("where=tenant%20=%20acme", "not used here"),
    ]) func `are refused with what would be right`(query: String, hint: String) {
        let failure = #expect(throws: QueryFailure.self) { try request(query) }
        #expect(failure?.message.contains(hint) == true, "\(failure?.message ?? "")")
    }

    @Test func `say what comes close where nothing is left`() throws {
        var answer = LedgerAnswer()
        answer.entries = entries
        let report = try request("tenant=acm&service=api").report(
            answer, coverage: Coverage(range: TimeRange(from: nil, to: nil)))
        #expect(report.rows.isEmpty)
        #expect(report.coverage.conditions.map(\.text) == ["tenant = acm", "service = api"])
        #expect(report.coverage.conditions.map(\.spans) == [0, 16])
        #expect(report.coverage.conditions.map(\.closest) == [["acme"], []])
    }

    @Test func `have a meaning for each reason`() {
        for reason in LedgerReason.allCases {
            #expect(reason.meaning.count > 20 && !reason.meaning.hasSuffix("."))
        }
    }
}
