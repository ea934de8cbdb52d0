import GRDB
import Store
import Testing

@testable import EmbeddedStore

@Suite struct `Findings in the catalog` {
    private let directory = TestDirectory()

    private func open() throws -> EmbeddedStore {
        try EmbeddedStore(
            EmbeddedStore.Settings(directory: directory.path), now: { 1_795_000_100_000_000_000 },
            log: { _ in })
    }

    private func run(_ sql: String) throws {
        let catalog = try Catalog(directory: directory.path)
        try catalog.database.write { try $0.execute(sql: sql) }
        try catalog.close()
    }

    /// Whatever a slice can be made of.
    private static let terms: [SliceTerm] = [
        SliceTerm(Field("tenant"), .value(.null)),
        SliceTerm(Field("tenant"), .value(.text("Big \"Co\"\n\u{1F600}"))),
        SliceTerm(Field("tenant"), .value(.text(""))),
        SliceTerm(Field("tenant", scope: .root), .value(.integer(.min))),
        SliceTerm(Field("a key", scope: .attribute), .value(.double(0.1))),
        SliceTerm(Field("k", scope: .resource), .value(.double(.infinity))),
        SliceTerm(Field("k", scope: .span), .value(.boolean(false))),
        SliceTerm(Field("k", scope: .event), .value(.bytes([0, 255, 10]))),
        SliceTerm(Field("k", scope: .scope), .value(.json("{\"a\":[1]}"))),
        SliceTerm(Field("tokens.input"), .band(from: 3140.5, to: nil)),
        SliceTerm(Field("tokens.input"), .band(from: nil, to: -1e300)),
        SliceTerm(Field("tokens.input"), .band(from: nil, to: nil)),
    ]

    private static func finding(_ id: String, _ slice: [SliceTerm], at times: [Int64])
        -> StandingFinding
    {
        let sightings = times.map { time in
            Sighting(
                time % 2 == 0 ? .failing : .worse, from: time - 10, to: time,
                figures: FindingFigures(
                    target: Int(time), baseline: 7, targetRate: time == 3 ? nil : 0.1,
                    restRate: nil, excess: 1.0 / 3, pLog10: -1234.5, qValue: .leastNonzeroMagnitude),
                units: 1 << 40, failures: 12)
        }
        return StandingFinding(
            id: id, failure: "score.thumbs = 0", slice: slice, also: slice.map { [$0] },
            onset: Onset(time: 5, appeared: slice.map { .init(slice: $0, time: 4) }),
            examples: [.max, 1], sightings: sightings, changes: [.init(.opened, at: times[0])],
            told: 1)
    }

    @Test func `come back as they were saved, in another run too`() async throws {
        let findings =
            Self.terms.enumerated().map { index, term in
                Self.finding("\(1000 + index)", [term], at: [1, 2, 3])
            } + [Self.finding("2000", Self.terms, at: [9]), Self.finding("3000", [], at: [9])]
        let store = try open()
        try await store.save(findings, removing: [])
        #expect(try await store.findings(FindingsQuery(hasHistory: true)) == findings)
        try store.close()
        let again = try open()
        #expect(try await again.findings(FindingsQuery(hasHistory: true)) == findings)
        try again.close()
    }

    @Test func `take the place of the one of their id, with its windows`() async throws {
        let store = try open()
        try await store.save([Self.finding("a", [], at: [1, 2, 3])], removing: [])
        var next = Self.finding("a", [Self.terms[1]], at: [1, 3, 4])
        next.onset = nil
        next.change(.resolved, at: 20)
        try await store.save([next, Self.finding("b", [], at: [1])], removing: [])
        #expect(
            try await store.findings(FindingsQuery(hasHistory: true)) == [
                next, Self.finding("b", [], at: [1]),
            ])
        try await store.save([], removing: ["a"])
        #expect(
            try await store.findings(FindingsQuery(hasHistory: true)) == [
                Self.finding("b", [], at: [1])
            ])
        try store.close()
    }

    @Test func `come with their newest window alone, and by state, where that is enough`()
        async throws
    {
        let store = try open()
        var resolved = Self.finding("b", [], at: [1, 2])
        resolved.change(.resolved, at: 20)
        try await store.save([Self.finding("a", [], at: [1, 2, 3]), resolved], removing: [])
        let open = try await store.findings(FindingsQuery(isOpen: true, hasHistory: false))
        #expect(open.map(\.id) == ["a"] && open.map { $0.sightings.map(\.to) } == [[3]])
        let others = try await store.findings(
            FindingsQuery(isOpen: false, ids: ["b", "c"], hasHistory: true))
        #expect(others == [resolved])
        #expect(try await store.findings(FindingsQuery(ids: [], hasHistory: true)).isEmpty)
        try store.close()
    }

    @Test func `are told so far as was noted last`() async throws {
        let store = try open()
        var finding = Self.finding("a", [], at: [1])
        finding.told = 0
        try await store.save([finding], removing: [])
        try await store.setTold(1, of: "a")
        #expect(try await store.findings(FindingsQuery(hasHistory: true)).map(\.told) == [1])
        try await store.setTold(0, of: "a")
        #expect(try await store.findings(FindingsQuery(hasHistory: true)).map(\.told) == [1])
        try store.close()
    }

    @Test(arguments: [
        "UPDATE finding SET slice = '[{'", "UPDATE finding SET changes = '[]'",
        "UPDATE finding SET traces = 7", "DELETE FROM finding_sighting",
        "UPDATE finding_sighting SET excess = 1e300", "UPDATE finding_sighting SET target = -1",
        "UPDATE finding_sighting SET units = 9223372036854775807",
        "UPDATE finding_sighting SET target_rate = 1.5",
        "UPDATE finding_sighting SET failures = 2199023255552",
        "UPDATE finding_sighting SET question = 'why'",
        "UPDATE finding_sighting SET window_from = window_to",
    ])
    func `are left out alone where they are damaged`(damage: String) async throws {
        let store = try open()
        try await store.save(
            [Self.finding("a", [], at: [1]), Self.finding("b", [], at: [9])], removing: [])
        try store.close()
        let column = damage.contains("finding_sighting") ? "finding" : "id"
        try run("\(damage) WHERE \(column) = 'a'")
        let again = try open()
        #expect(
            try await again.findings(FindingsQuery(hasHistory: true))
                == [Self.finding("b", [], at: [9])])
        try again.close()
    }

    @Test(arguments: [-5, 99])
    func `have no more told than there is`(told: Int) async throws {
        let store = try open()
        try await store.save([Self.finding("a", [], at: [1])], removing: [])
        try store.close()
        try run("UPDATE finding SET told = \(told)")
        let again = try open()
        let found = try await again.findings(FindingsQuery(hasHistory: true))
        #expect(found.map(\.told) == [told < 0 ? 0 : 1])
        try again.close()
    }
}
