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
    private var length: WindowLength
    package private(set) var report: WatchReport

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
        length = WindowLength(seconds: settings.windowSeconds)
    }

    /// Watches until its task is cancelled.
    package func run() async {
        async let telling: Void = keepTelling()
        // What is untold since before the start need not wait for a look.
        do { try await load() } catch { log("watch: cannot read its findings: \(error)") }
        while await sleep(seconds: secondsToNextLook) { await look() }
        await telling
    }

    private func load() async throws {
        if book != nil { return }
        let kept = FindingBook(try await store.findings(FindingsQuery(hasHistory: true)))
        if book == nil { book = kept }
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
        let from = to.minus(length.nanoseconds)
        let start = ContinuousClock.now
        var run = WatchReport.Run(from: from, to: to, seconds: 0, error: nil, coverage: nil)
        do {
            run.coverage = try await look(
                from: from, to: to, deadline: start + .seconds(secondsMax))
            report.runs += 1
        } catch is CancellationError {
            return
        } catch {
            run.error = failed(error)
            report.failedRuns += 1
        }
        run.seconds = start.duration(to: .now) / .seconds(1)
        if run.error == nil { length.succeeded(isQuick: run.seconds < Double(secondsMax) / 8) }
        report.last = run
    }

    /// A look has time until the next one, or for as long as a query has, if that is more.
    private var secondsMax: Int { max(30, settings.secondsBetween) }

    private static func effort(until deadline: ContinuousClock.Instant) -> QueryEffort {
        let seconds = ContinuousClock.now.duration(to: deadline) / .seconds(1)
        return .background(secondsMax: max(1, Int(seconds.rounded(.up))))
    }

    /// A window that is too much is halved for the next look.
    private func failed(_ error: any Error) -> String {
        let message: String
        switch error {
        case QueryError.timeout: message = "it took longer than \(secondsMax) s"
        case QueryError.tooLarge(let bytesMax, let what, _):
            message = "\(what) would take more than \(bytesMax >> 20) MiB of memory"
        default:
            log("watch: \(error)")
            return "\(error)"
        }
        length.failed()
        log("watch: \(message); the next window is \(length.seconds) s long")
        return message
    }

    private func look(
        from: Int64, to: Int64, deadline: ContinuousClock.Instant
    ) async throws -> Coverage {
        try await load()
        let (ofRest, answer) = try await sights(.failing, from, to, deadline)
        let (ofBefore, _) = try await sights(.worse, from, to, deadline)
        let sights = Sight.merged(failing: ofRest, worse: ofBefore)
        var next = book ?? FindingBook()
        next.forgetSightings(after: to)
        var changed: Set<String> = []
        var seen: Set<String> = []
        // What fails more than the rest comes first, so that what got worse can be one problem with it.
        for sights in [sights.failing, sights.worse] {
            var tallies: [String: SliceTally] = [:]
            let unclear = next.unclear(sights, failure: report.failure)
            for finding in unclear.prefix(Self.talliesMax) {
                tallies[finding.id] = try await tally(finding, from, to, deadline)
            }
            changed.formUnion(
                next.see(sights, failure: report.failure, tallies: tallies, seen: &seen) {
                    Hex.text(spanID: UInt64.random(in: 1 ... .max))
                })
        }
        var outcome = next.finish(
            from: from, to: to, units: answer.target + answer.baseline, failure: report.failure)
        outcome.changed.formUnion(changed.subtracting(outcome.removed))
        try await keep(next, outcome)
        return answer.coverage
    }

    /// A look asks for no more of them: each is a question of its own.
    private static let talliesMax = 20

    private func sights(
        _ question: WatchQuestion, _ from: Int64, _ to: Int64,
        _ deadline: ContinuousClock.Instant
    ) async throws -> ([Sight], CompareAnswer) {
        let query = question.query(from: from, to: to, failure: settings.failure)
        let answer = try await store.compare(query, effort: Self.effort(until: deadline))
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

    /// What a finding's slice has in a window, and had in the one before.
    private func tally(
        _ finding: StandingFinding, _ from: Int64, _ to: Int64,
        _ deadline: ContinuousClock.Instant
    ) async throws -> SliceTally {
        let query = SliceQuery(
            condition: RowExpression.condition(finding.slice, .trace),
            failure: settings.failure, range: TimeRange(from: from, to: to),
            before: TimeRange(from: from.minus(to.minus(from)), to: from),
            figures: NamedFigure.counts)
        let total = try await store.slices(query, effort: Self.effort(until: deadline)).total
        return SliceTally(
            members: total.now.count, failures: total.now.failures,
            membersBefore: total.before?.count ?? 0, failuresBefore: total.before?.failures ?? 0)
    }

    /// Saves before anybody is told or sees it: what cannot be saved is seen anew by the next look.
    private func keep(_ next: FindingBook, _ outcome: FindingBook.Outcome) async throws {
        var next = next
        if let book { next.settle(as: book) }
        if tell == nil { next.settleAll(of: outcome.changed) }
        let changed = outcome.changed.sorted().compactMap(next.finding)
        if !changed.isEmpty || !outcome.removed.isEmpty {
            try await store.save(changed, removing: outcome.removed)
        }
        // What was told meanwhile stays told.
        if let book { next.settle(as: book) }
        book = next
    }

    // MARK: Telling

    /// Of each finding the next event waits for the one before; those of others do not.
    private func keepTelling() async {
        guard let tell else { return }
        var pauses: [String: Pause] = [:]
        while await sleep(seconds: Self.idleSeconds) {
            while let event = book?.nextEvent(leavingOut: Set(pauses.filter(\.value.isOn).keys)) {
                let id = event.finding.id
                var pause = pauses[id] ?? Pause()
                let delivery = await isOver(event) ? .refused("it is too old") : tell(event)
                if Task.isCancelled { return }
                switch delivery {
                case .delivered: report.told += 1
                case .refused(let reason):
                    report.untold += 1
                    log("watch: \(event.id) (\(event.change.kind.rawValue)) is not told: \(reason)")
                case .failed(let reason):
                    if pause.isFirst {
                        log("watch: cannot tell \(event.id), trying again: \(reason)")
                    }
                    pause.lengthen()
                    pauses[id] = pause
                    continue
                }
                pauses[id] = nil
                await settle(event)
            }
        }
    }

    /// From one look for events to the next.
    private static let idleSeconds = 0.5

    /// What is a day old is no news any more.
    private func isOver(_ event: FindingEvent) -> Bool {
        Int64(clamping: now()).minus(event.change.time) >= FindingBook.silenceMax
    }

    private func settle(_ event: FindingEvent) async {
        guard let told = book?.settle(event) else { return }
        do {
            try await store.setTold(told, of: event.finding.id)
        } catch {
            // It is told again after a restart, which receivers must expect anyway.
            log("watch: cannot note that \(event.id) was told: \(error)")
        }
    }
}

/// How long the events of a finding wait after a failed attempt.
private struct Pause {
    private var seconds = 0.5
    private var until = ContinuousClock.now

    /// Five minutes: seldom enough for a receiver that is down, often enough for one that is back.
    private static let secondsMax = 300.0

    var isFirst: Bool { seconds < 1 }
    var isOn: Bool { until > .now }

    mutating func lengthen() {
        seconds = min(seconds * 2, Self.secondsMax)
        until = .now + .seconds(seconds)
    }
}
