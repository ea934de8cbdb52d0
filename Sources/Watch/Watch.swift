internal import Queries
internal import Spans
package import Store

/// The standing watch: compares the last window again and again, with nobody asking, and keeps what it finds.
///
/// Each look asks two questions of the window: which slices fail more than the rest, and which got worse since the window before. It is
/// asked with `QueryEffort.background`, so that ingest and queries go before. What a look means for the findings, `FindingBook`
/// decides; they are saved before anybody is told.
package actor Watch {
    private let store: any Store
    private let settings: WatchSettings
    private let tell: Tell?
    /// Unix nanoseconds.
    private let now: @Sendable () -> UInt64
    private let log: @Sendable (String) -> Void
    /// nil until what was kept has been read.
    private var book: FindingBook?
    /// How often the window was halved, since a whole one was too much.
    private var halvings = 0
    package private(set) var report: WatchReport

    /// A window is not made shorter than this: one minute.
    private static let windowSecondsMin = 60

    /// - Parameters:
    ///   - tell: who is to be told of changes; nil if nobody is.
    ///   - log: is told in one line what an operator should know.
    package init(
        _ store: any Store, _ settings: WatchSettings, tell: Tell? = nil,
        now: @escaping @Sendable () -> UInt64 = Timestamp.now,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.settings = settings
        self.tell = tell
        self.now = now
        self.log = log
        report = settings.report
    }

    /// Watches until its task is cancelled.
    package func run() async {
        async let telling: Void = keepTelling()
        while await sleep(seconds: secondsToNextLook) { await look() }
        await telling
    }

    /// - Returns: false if the task was cancelled meanwhile.
    private func sleep(seconds: Double) async -> Bool {
        (try? await Task.sleep(for: .seconds(seconds))) != nil && !Task.isCancelled
    }

    /// Looks stand on the clock, so that a restart changes nothing about them.
    private var secondsToNextLook: Double {
        let every = UInt64(settings.secondsBetween) * 1_000_000_000
        return Double(every - now() % every) / 1e9
    }

    // MARK: A look

    /// Looks at the window that ends now.
    package func look() async {
        let to = Int64(clamping: now())
        let from = to.minus(windowNanoseconds)
        let start = ContinuousClock.now
        var run = WatchReport.Run(from: from, to: to, seconds: 0, error: nil, coverage: nil)
        do {
            run.coverage = try await look(from: from, to: to)
            report.runs += 1
        } catch is CancellationError {
            return
        } catch {
            run.error = failed(error)
            report.failedRuns += 1
        }
        run.seconds = start.duration(to: .now) / .seconds(1)
        if run.error == nil, halvings > 0, run.seconds < Double(secondsMax) / 8 { halvings -= 1 }
        report.last = run
    }

    private var windowNanoseconds: Int64 {
        let least = min(Self.windowSecondsMin, settings.windowSeconds)
        return Int64(max(least, settings.windowSeconds >> halvings)) * 1_000_000_000
    }

    /// A look has time until the next one, or for as long as a query has, if that is more.
    private var secondsMax: Int { max(30, settings.secondsBetween) }

    /// A window that is too much is halved for the next look.
    private func failed(_ error: any Error) -> String {
        let message: String
        switch error {
        case QueryError.timeout(let seconds): message = "it took longer than \(seconds) s"
        case QueryError.tooLarge(let bytesMax, let what, _):
            message = "\(what) would take more than \(bytesMax >> 20) MiB of memory"
        default: message = "\(error)"
        }
        guard error is QueryError else {
            log("watch: \(message)")
            return message
        }
        if settings.windowSeconds >> (halvings + 1) >= Self.windowSecondsMin { halvings += 1 }
        log("watch: \(message); the next window is \(windowNanoseconds / 1_000_000_000) s long")
        return message
    }

    private func look(from: Int64, to: Int64) async throws -> Coverage {
        if book == nil { book = FindingBook(try await store.findings()) }
        let (failing, answer) = try await sights(.failing, from, to)
        let (worse, _) = try await sights(.worse, from, to)
        let sights = Sight.merged(failing: failing, worse: worse)
        let unclear = book?.unclear(sights, failure: report.failure) ?? []
        var tallies: [String: FindingBook.Tally] = [:]
        for finding in unclear { tallies[finding.id] = try await tally(finding, from, to) }
        var next = book ?? FindingBook()
        let outcome = next.take(
            sights, from: from, to: to, units: answer.target + answer.baseline,
            failure: report.failure, tallies: tallies
        ) { Hex.text(spanID: UInt64.random(in: 1 ... .max)) }
        try await keep(next, outcome)
        return answer.coverage
    }

    private func sights(
        _ question: WatchQuestion, _ from: Int64, _ to: Int64
    ) async throws -> ([Sight], CompareAnswer) {
        let query = question.query(from: from, to: to, failure: settings.failure)
        let answer = try await store.compare(
            query, effort: .background(secondsMax: secondsMax))
        let sights = answer.findings.map { finding in
            let holds = settings.having.holds {
                finding.figures.value(of: $0, targets: answer.target)
            }
            let sighting = Sighting(
                question, from: from, to: to, figures: finding.figures,
                units: answer.target + answer.baseline, failures: answer.target)
            return Sight(finding, sighting, isReportable: holds && !finding.tellsOutcome)
        }
        return (sights, answer)
    }

    /// What a finding's slice has in a window.
    private func tally(
        _ finding: StandingFinding, _ from: Int64, _ to: Int64
    ) async throws -> FindingBook.Tally {
        let total = try await store.slices(
            SliceQuery(
                condition: RowExpression.condition(finding.slice, .trace),
                failure: settings.failure, range: TimeRange(from: from, to: to),
                figures: NamedFigure.counts)
        ).total.now
        return FindingBook.Tally(members: total.count, failures: total.failures)
    }

    /// Saves before anybody is told or sees it: what cannot be saved is seen anew by the next look.
    private func keep(_ next: FindingBook, _ outcome: FindingBook.Outcome) async throws {
        var next = next
        if tell == nil {
            for id in outcome.changed { next.setTold(id, next.finding(id)?.changes.count ?? 0) }
        }
        let changed = outcome.changed.sorted().compactMap(next.finding)
        if !changed.isEmpty || !outcome.removed.isEmpty {
            try await store.save(changed, removing: outcome.removed)
        }
        // What was told meanwhile stays told.
        for finding in book?.findings ?? [] { next.setTold(finding.id, finding.told) }
        book = next
    }

    // MARK: Telling

    private func keepTelling() async {
        guard let tell else { return }
        var pause = Pause()
        while await sleep(seconds: pause.seconds) {
            guard let event = book?.nextEvent else {
                pause = Pause()
                continue
            }
            switch await tell(event) {
            case .delivered:
                report.told += 1
                pause = Pause(seconds: 0)
                await settle(event)
            case .refused(let reason):
                report.untold += 1
                log("watch: the webhook refuses \(event.name): \(reason)")
                await settle(event)
            case .failed(let reason):
                let isOver =
                    Int64(clamping: now()).minus(event.change.time) >= FindingBook.silenceMax
                if pause.isFirst || isOver {
                    log(
                        "watch: cannot tell \(event.name), \(isOver ? "given up" : "trying again"): \(reason)"
                    )
                }
                pause.lengthen()
                guard isOver else { continue }
                report.untold += 1
                await settle(event)
            }
        }
    }

    private func settle(_ event: FindingEvent) async {
        book?.setTold(event.finding.id, event.number + 1)
        guard let finding = book?.finding(event.finding.id) else { return }
        do {
            try await store.save([finding], removing: [])
        } catch {
            // It is told again after a restart, which receivers must expect anyway.
            log("watch: cannot note that \(event.name) was told: \(error)")
        }
    }
}

/// How long to wait before the next try.
private struct Pause {
    var seconds = 0.5
    var isFirst = true

    /// Five minutes: seldom enough for a receiver that is down, often enough for one that is back.
    private static let secondsMax = 300.0

    mutating func lengthen() {
        seconds = isFirst ? 1 : min(seconds * 2, Self.secondsMax)
        isFirst = false
    }
}

extension FindingEvent {
    fileprivate var name: String { "\(finding.id) \(change.kind.rawValue)" }
}
