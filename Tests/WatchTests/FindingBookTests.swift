import Queries
import Store
import TestSupport
import Testing

@testable import Watch

@Suite struct `The book of findings` {
    private static let hour: Int64 = 3_600_000_000_000
    private static let step: Int64 = hour / 12

    // MARK: Reported once

    @Test func `reports a chronic slice once`() {
        var laboratory = Laboratory()
        for _ in 0..<500 { laboratory.look([seen("tenant", "acme")]) }
        #expect(laboratory.changes == [[.opened]])
        #expect(laboratory.findings[0].latest?.to == laboratory.now)
    }

    @Test func `keeps a finding whose band is cut elsewhere in each window`() {
        var laboratory = Laboratory()
        for cut in [3140.0, 3200, 3090, 3150] {
            laboratory.look([
                seen([SliceTerm(Field("tokens.input"), .band(from: cut, to: nil))])
            ])
        }
        #expect(laboratory.changes == [[.opened]])
    }

    @Test func `tells bands apart that share no number`() {
        var laboratory = Laboratory()
        laboratory.look([
            seen([SliceTerm(Field("tokens.input"), .band(from: 10, to: 20))]),
            seen([SliceTerm(Field("tokens.input"), .band(from: 20, to: 30))]),
        ])
        #expect(laboratory.findings.count == 2)
    }

    @Test func `knows a finding by its other names`() {
        var laboratory = Laboratory()
        laboratory.look([seen("retriever", "r1", also: [[term("index", "i1")]])])
        laboratory.look([seen("index", "i1")])
        #expect(laboratory.changes == [[.opened]])
        #expect(laboratory.findings[0].slice == [term("index", "i1")])
    }

    @Test func `does not take one look's two findings for one`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "a"), seen("tenant", "b")])
        laboratory.look([seen("tenant", "b"), seen("tenant", "a")])
        #expect(laboratory.changes == [[.opened], [.opened]])
    }

    // MARK: Wider and narrower slices

    @Test func `follows a problem that a narrower slice tells better`() {
        var laboratory = Laboratory()
        laboratory.look([seen("prompt.version", "v3", excess: 10)])
        let narrow = [term("prompt.version", "v3"), term("locale", "de-DE")]
        // All that v3 has too much lies in de-DE.
        laboratory.look([seen(narrow, excess: 25)], tally: SliceTally(members: 120, failures: 27))
        #expect(laboratory.changes == [[.opened]])
        #expect(laboratory.findings[0].slice == narrow)
    }

    @Test func `follows a problem that a wider slice tells better`() {
        var laboratory = Laboratory()
        laboratory.look([
            seen([term("prompt.version", "v3"), term("locale", "de-DE")], excess: 10)
        ])
        laboratory.look(
            [seen("prompt.version", "v3", excess: 25)],
            tally: SliceTally(members: 100, failures: 22))
        #expect(laboratory.changes == [[.opened]])
    }

    @Test func `reports what breaks within a slice that is chronic anyway`() {
        var laboratory = Laboratory()
        laboratory.look([seen("model.revision", "b1", excess: 20)])
        let narrow = [term("model.revision", "b1"), term("prompt.version", "v9")]
        // Beside the new one b1 still has its own twenty too many.
        laboratory.look(
            [seen(narrow, excess: 300)], tally: SliceTally(members: 1000, failures: 340))
        #expect(laboratory.changes == [[.opened], [.opened]])
    }

    @Test func `reports a problem that has spread beyond the slice that is known`() {
        var laboratory = Laboratory()
        laboratory.look([
            seen([term("prompt.version", "v3"), term("locale", "de-DE")], excess: 10)
        ])
        laboratory.look(
            [seen("prompt.version", "v3", excess: 100)],
            tally: SliceTally(members: 100, failures: 12))
        #expect(laboratory.changes == [[.opened], [.opened]])
    }

    @Test func `does not take everything for a wider slice`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        laboratory.look([seen([], excess: 10)], tally: SliceTally(members: 100, failures: 90))
        #expect(laboratory.findings.count == 2)
    }

    // MARK: Coming and going

    @Test func `resolves what a whole window with enough requests does not show`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        for _ in 0..<11 { laboratory.look([]) }
        #expect(laboratory.changes == [[.opened]])
        laboratory.look([])
        #expect(laboratory.changes == [[.opened, .resolved]])
        #expect(laboratory.findings[0].resolved == laboratory.now)
    }

    @Test(arguments: [(500, true), (499, false)])
    func `does not take silence for a repair`(units: Int, isResolved: Bool) {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        for _ in 0..<40 { laboratory.look([], units: units) }
        #expect(laboratory.findings[0].isOpen != isResolved)
    }

    @Test func `gives up on what is silent for a day`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        for _ in 0..<(24 * 12) - 1 { laboratory.look([], units: 0) }
        #expect(laboratory.findings[0].isOpen)
        laboratory.look([], units: 0)
        #expect(!laboratory.findings[0].isOpen)
    }

    @Test func `reopens a finding under its id`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        for _ in 0..<12 { laboratory.look([]) }
        laboratory.look([seen("tenant", "acme", isReportable: false)])
        #expect(laboratory.changes == [[.opened, .resolved]])
        laboratory.look([seen("tenant", "acme")])
        #expect(laboratory.changes == [[.opened, .resolved, .reopened]])
    }

    @Test func `opens nothing for what is not sure enough, but keeps it open`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme", isReportable: false)])
        #expect(laboratory.findings.isEmpty)
        laboratory.look([seen("tenant", "acme")])
        for _ in 0..<50 { laboratory.look([seen("tenant", "acme", isReportable: false)]) }
        #expect(laboratory.changes == [[.opened]])
    }

    @Test func `reports twenty new ones of one look at most, and the others later`() {
        var laboratory = Laboratory()
        let all = (0..<50).map { seen("tenant", "t\($0)") }
        laboratory.look(all)
        #expect(laboratory.findings.count == FindingBook.openedMax)
        laboratory.look(all)
        laboratory.look(all)
        #expect(laboratory.findings.count == 50)
    }

    @Test func `forgets what was resolved first beyond a thousand`() {
        var laboratory = Laboratory()
        for round in 0..<52 {
            laboratory.look((0..<20).map { seen("tenant", "t\(round)-\($0)") })
            for _ in 0..<12 { laboratory.look([]) }
        }
        #expect(laboratory.findings.count == FindingBook.resolvedMax)
        #expect(laboratory.removed.count == 40)
        #expect(
            !laboratory.findings.contains { $0.slice == [term("tenant", "t0-3")] }
                && laboratory.findings.contains { $0.slice == [term("tenant", "t2-0")] })
    }

    @Test func `ends findings of another definition of failure without telling so`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        laboratory.failure = "score.thumbs = 0"
        laboratory.look([seen("tenant", "acme")])
        #expect(laboratory.changes == [[.opened, .resolved], [.opened]])
        #expect(laboratory.book.nextEvent()?.finding.id == laboratory.findings[1].id)
    }

    // MARK: Telling

    @Test func `tells changes in their order, each once`() throws {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "a")])
        laboratory.look([seen("tenant", "b")])
        for _ in 0..<13 { laboratory.look([]) }
        var told: [String] = []
        while let event = laboratory.book.nextEvent() {
            told.append("\(event.finding.slice[0].value) \(event.change.kind.rawValue)")
            _ = laboratory.book.settle(event)
        }
        let (a, b) = ("\(term("tenant", "a").value)", "\(term("tenant", "b").value)")
        #expect(told == ["\(a) opened", "\(b) opened", "\(a) resolved", "\(b) resolved"])
    }

    @Test func `keeps what was told while a look went on`() throws {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "a"), seen("tenant", "b")])
        var meanwhile = laboratory.book
        _ = meanwhile.settle(try #require(meanwhile.nextEvent()))
        for _ in 0..<12 { laboratory.look([]) }
        laboratory.book.settle(as: meanwhile)
        #expect(laboratory.findings.map(\.told).sorted() == [0, 1])
        #expect(laboratory.changes == [[.opened, .resolved], [.opened, .resolved]])
    }

    // MARK: By chance

    @Test(arguments: 0..<20)
    func `changes states in turns, whatever it sees`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var laboratory = Laboratory()
        for _ in 0..<300 {
            let sights = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                Self.sight(&random)
            }
            laboratory.look(
                sights, units: Int.random(in: 0...2000, using: &random),
                tally: SliceTally(members: 100, failures: Int.random(in: 0...100, using: &random)))
            for finding in laboratory.findings {
                let kinds = finding.changes.map(\.kind)
                #expect(kinds[0] == .opened)
                for (index, kind) in kinds.enumerated().dropFirst() {
                    #expect(kind == (index % 2 == 1 ? .resolved : .reopened))
                }
                #expect(finding.changes.map(\.time) == finding.changes.map(\.time).sorted())
                #expect(finding.sightings.map(\.to) == finding.sightings.map(\.to).sorted())
                #expect(Set(finding.sightings.map(\.to)).count == finding.sightings.count)
            }
        }
    }

    private static func sight(_ random: inout SeededGenerator) -> Sight {
        let fields = ["a", "b", "c"].shuffled(using: &random)
        let count = Int.random(in: 0...2, using: &random)
        return seen(
            fields.prefix(count).map { term($0, "\(Int.random(in: 0...1, using: &random))") },
            excess: Double.random(in: 0...50, using: &random),
            isReportable: Bool.random(using: &random))
    }

    // MARK: Two questions

    @Test func `takes what both questions show under one name as one`() {
        let merged = Sight.merged(
            failing: [seen("tenant", "acme", isReportable: false), seen("tenant", "b")],
            worse: [
                seen("tenant", "acme", question: .worse), seen("tenant", "b", question: .worse),
                seen("tenant", "other", question: .worse),
            ])
        #expect(merged.failing.map(\.sighting.question) == [.worse, .failing])
        #expect(merged.worse.map(\.slice) == [[term("tenant", "other")]])
    }

    @Test func `tells a rise of all from the slice that fails most`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme"), seen([], question: .worse)])
        #expect(laboratory.findings.count == 2)
    }

    private static let narrow = [term("prompt.version", "v3"), term("locale", "de")]

    @Test(arguments: [(failures: 32, count: 1), (failures: 12, count: 2)])
    func `takes a rise for the problem of a narrower slice if it lies there`(
        failures: Int, count: Int
    ) {
        var laboratory = Laboratory()
        // The narrower one failed two of a hundred before.
        let tally = SliceTally(
            members: 100, failures: failures, membersBefore: 100, failuresBefore: 2)
        for _ in 0..<3 {
            laboratory.look(
                [
                    seen(Self.narrow, excess: 30),
                    seen("prompt.version", "v3", excess: 40, question: .worse),
                ], tally: tally)
        }
        #expect(laboratory.changes == Array(repeating: [.opened], count: count))
    }

    @Test func `reports a rise beside a narrower slice that is chronic`() {
        var laboratory = Laboratory()
        for _ in 0..<20 { laboratory.look([seen(Self.narrow, excess: 10)]) }
        // Twelve of a hundred as ever: nothing of the rise lies there.
        laboratory.look(
            [
                seen(Self.narrow, excess: 10),
                seen("prompt.version", "v3", excess: 15, question: .worse),
            ],
            tally: SliceTally(members: 100, failures: 12, membersBefore: 100, failuresBefore: 12))
        #expect(laboratory.changes == [[.opened], [.opened]])
    }

    // MARK: Clocks and windows

    @Test func `does not wait for a clock that ran ahead`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")])
        laboratory.now += 400 * 86_400_000_000_000
        laboratory.look([seen("tenant", "acme")])
        laboratory.now -= 400 * 86_400_000_000_000
        for _ in 0..<10 { laboratory.look([]) }
        #expect(laboratory.changes == [[.opened]])
        laboratory.look([])
        #expect(laboratory.changes == [[.opened, .resolved]])
    }

    @Test func `counts requests by time, since windows may be halved`() {
        var laboratory = Laboratory()
        laboratory.look([seen("tenant", "acme")], units: 1000)
        laboratory.window /= 8
        for _ in 0..<3 { laboratory.look([], units: 125) }
        #expect(!laboratory.findings[0].isOpen)
    }

    @Test func `takes a band that is open to the other side for another`() {
        var laboratory = Laboratory()
        let (upper, lower) = (
            [SliceTerm(Field("tokens"), .band(from: 3000, to: nil))],
            [SliceTerm(Field("tokens"), .band(from: nil, to: 3010))]
        )
        laboratory.look([seen(upper, excess: 10)])
        laboratory.look([seen(lower, excess: 90), seen(upper, excess: 10)])
        #expect(laboratory.findings.map(\.slice) == [upper, lower])
        #expect(laboratory.changes == [[.opened], [.opened]])
    }

    @Test func `knows bands by their exact bounds before it knows them by overlap`() {
        var laboratory = Laboratory()
        func band(_ from: Double, _ to: Double, excess: Double) -> Sight {
            seen([SliceTerm(Field("tokens"), .band(from: from, to: to))], excess: excess)
        }
        laboratory.look([band(10, 20, excess: 10), band(14, 24, excess: 10)])
        laboratory.look([band(13, 23, excess: 50), band(14, 24, excess: 10)])
        #expect(laboratory.changes == [[.opened], [.opened]])
        #expect(
            laboratory.findings[1].slice == [SliceTerm(Field("tokens"), .band(from: 14, to: 24))])
    }
}

@Suite struct `The length of windows` {
    @Test func `is halved by looks that are too much, down to a minute`() {
        var length = WindowLength(seconds: 3600)
        for seconds in [1800, 900, 450, 225, 112, 112] {
            length.failed()
            #expect(length.seconds == seconds)
        }
        for _ in 0..<WindowLength.quickLooks - 1 { length.succeeded(isQuick: true) }
        length.succeeded(isQuick: false)
        for _ in 0..<WindowLength.quickLooks - 1 { length.succeeded(isQuick: true) }
        #expect(length.seconds == 112)
        for _ in 0..<5 * WindowLength.quickLooks { length.succeeded(isQuick: true) }
        #expect(length.seconds == 3600)
    }

    @Test func `stays as it is set where that is less than a minute`() {
        var length = WindowLength(seconds: 8)
        length.failed()
        #expect(length.seconds == 8)
    }
}

@Suite struct `A finding's history` {
    @Test func `leaves out what came and went long ago, and tells no change twice`() {
        var laboratory = Laboratory()
        var told: [String] = []
        for _ in 0..<80 {
            laboratory.look([seen("tenant", "acme")])
            for _ in 0..<12 { laboratory.look([]) }
            while let event = laboratory.book.nextEvent() {
                told.append(event.id)
                _ = laboratory.book.settle(event)
            }
        }
        let kinds = laboratory.changes[0]
        #expect(kinds.count <= StandingFinding.changesMax && kinds.first == .opened)
        #expect(kinds.last == .resolved && told.count == 160 && Set(told).count == 160)
    }

    @Test(arguments: [1, 287, 288, 289, 5000])
    func `stays bounded, with its first and its newest window`(count: Int) throws {
        var finding = StandingFinding(
            id: "0000000000000001", failure: "status = error", slice: [], also: [], onset: nil,
            examples: [], sightings: [], changes: [.init(.opened, at: 0)], told: 0)
        for time in 0..<count { finding.add(seen([], to: Int64(time)).sighting) }
        let times = finding.sightings.map(\.to)
        #expect(times.count <= StandingFinding.sightingsMax)
        #expect(times.count > min(count, StandingFinding.sightingsMax / 2) - 1)
        #expect(times.first == 0)
        #expect(times.last == Int64(count - 1))
        #expect(times == times.sorted() && Set(times).count == times.count)
    }
}

@Suite struct `The watch's settings` {
    @Test func `report what is sure and more than a handful`() throws {
        let having = try WatchSettings().having
        let values: [(q: Double, excess: Double, isReported: Bool)] = [
            (0.001, 5, true), (0.0011, 500, false), (1e-9, 4.9, false),
        ]
        for value in values {
            let isReported = having.holds { $0 == .qValue ? value.q : value.excess }
            #expect(isReported == value.isReported)
        }
    }

    @Test(arguments: [(3600, nil, 300), (10, nil, 1), (60, 7, 7)] as [(Int, Int?, Int)])
    func `look twelve times a window unless told otherwise`(
        window: Int, every: Int?, seconds: Int
    ) throws {
        var settings = try WatchSettings()
        settings.windowSeconds = window
        settings.everySeconds = every
        #expect(settings.secondsBetween == seconds)
    }
}

// MARK: What tests look at

/// A book, and a clock that goes on five minutes with each look.
private struct Laboratory {
    var book = FindingBook()
    var now: Int64 = 1_700_000_000_000_000_000
    var failure = "status = error"
    /// How long windows are.
    var window: Int64 = 3_600_000_000_000
    var removed: [String] = []
    private var ids = 0

    var findings: [StandingFinding] { book.findings }
    var changes: [[StandingFinding.Change.Kind]] { findings.map { $0.changes.map(\.kind) } }

    /// - Parameter tally: what the slices of all unclear findings have.
    mutating func look(
        _ sights: [Sight], units: Int = 1000, tally: SliceTally? = nil
    ) {
        now += 300_000_000_000
        let placed = sights.map { sight in
            Sight(
                Finding(
                    slice: sight.slice, figures: sight.sighting.figures, firstSeen: 0, lastSeen: 0,
                    onset: sight.onset, examples: [], trend: [], also: sight.also),
                Sighting(
                    sight.sighting.question, from: now - window, to: now,
                    figures: sight.sighting.figures, units: units, failures: units / 20),
                isReportable: sight.isReportable)
        }
        book.forgetSightings(after: now)
        var seen: Set<String> = []
        for question in [WatchQuestion.failing, .worse] {
            let sights = placed.filter { $0.sighting.question == question }
            var tallies: [String: SliceTally] = [:]
            if let tally {
                for finding in book.unclear(sights, failure: failure) {
                    tallies[finding.id] = tally
                }
            }
            _ = book.see(sights, failure: failure, tallies: tallies, seen: &seen) {
                ids += 1
                return String(ids)
            }
        }
        let outcome = book.finish(
            from: now - window, to: now, units: units, failure: failure)
        removed += outcome.removed
    }
}

private func term(_ field: String, _ value: String) -> SliceTerm {
    SliceTerm(Field(field), .value(.text(value)))
}

private func seen(
    _ field: String, _ value: String, also: [[SliceTerm]] = [], excess: Double = 10,
    question: WatchQuestion = .failing, isReportable: Bool = true
) -> Sight {
    seen(
        [term(field, value)], also: also, excess: excess, question: question,
        isReportable: isReportable)
}

/// A slice of a hundred, whose units fail beside 2 % of the rest.
private func seen(
    _ slice: [SliceTerm], also: [[SliceTerm]] = [], excess: Double = 10,
    question: WatchQuestion = .failing, isReportable: Bool = true, to: Int64 = 0
) -> Sight {
    let figures = FindingFigures(
        target: Int(excess) + 2, baseline: 98 - Int(excess), targetRate: (excess + 2) / 100,
        restRate: 0.02, excess: excess, pLog10: -9, qValue: 1e-6)
    return Sight(
        Finding(
            slice: slice, figures: figures, firstSeen: 0, lastSeen: 0, onset: nil, examples: [],
            trend: [], also: also),
        Sighting(question, from: to - 1, to: to, figures: figures, units: 1000, failures: 50),
        isReportable: isReportable)
}
