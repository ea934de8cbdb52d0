import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

/// What a store should hold after a history of commits, by the rules alone: of two copies of a span in one
/// partition the one that ends later stays, else the one that came later.
private struct Model {
    struct Identity: Hashable {
        let day: UInt64
        let trace: UInt64
        let span: UInt64
        let kind: UInt64
    }

    private(set) var spans: [Identity: TestSpan] = [:]

    mutating func add(_ span: TestSpan) {
        let identity = Identity(
            day: span.start / Day.nanoseconds, trace: span.trace, span: span.span, kind: span.kind)
        if let known = spans[identity], known.start + known.duration > span.start + span.duration {
            return
        }
        spans[identity] = span
    }

    /// Copies on different days are removed once all is merged: the one that ends later stays.
    mutating func removeCopies() {
        let copies = Dictionary(grouping: spans) { entry in
            Identity(day: 0, trace: entry.key.trace, span: entry.key.span, kind: entry.key.kind)
        }
        for (_, entries) in copies where entries.count > 1 {
            let last = entries.max { a, b in
                let ends = (a.value.start + a.value.duration, b.value.start + b.value.duration)
                return ends.0 != ends.1 ? ends.0 < ends.1 : a.key.day > b.key.day
            }
            for (identity, _) in entries where identity != last?.key { spans[identity] = nil }
        }
    }

    var traceCount: Int { Set(spans.values.map(\.trace)).count }

    /// Traces by the tenants that any of their spans has.
    var tracesByTenant: [GroupValue: Int] {
        var tenants: [GroupValue: Set<UInt64>] = [:]
        for span in spans.values {
            if let tenant = span.attributes["raw.tenant"] {
                tenants[.text(tenant), default: []].insert(span.trace)
            }
        }
        var counts = tenants.mapValues(\.count)
        let none = Set(spans.values.map(\.trace)).subtracting(
            tenants.values.reduce([]) { $0.union($1) })
        if !none.isEmpty { counts[.null] = none.count }
        return counts
    }
}

@Suite struct `Histories` {
    private static let day: UInt64 = 1_795_000_000_000_000_000 / Day.nanoseconds * Day.nanoseconds

    /// Few ids, so that copies are frequent; two days, so that traces lie in two partitions.
    private func span(_ random: inout SeededGenerator) -> TestSpan {
        let number = UInt64.random(in: 1...120, using: &random)
        var attributes: [String: String] = [:]
        if Bool.random(using: &random) { attributes["raw.tenant"] = "t\(number % 5)" }
        if number % 3 == 0 { attributes["text"] = String(repeating: "say \(number) ", count: 20) }
        // Keys that have a dimension's name: of a session there is another name.
        if number % 2 == 0 { attributes["conversation"] = "c\(number % 4)" }
        if number % 6 == 0 { attributes["tenant"] = "t\(number % 4)" }
        if number % 11 == 0 { attributes["only.\(number)"] = "" }
        let isLate = number % 4 == 0 || (number % 7 == 0 && Bool.random(using: &random))
        let offset = isLate ? Day.nanoseconds : 0
        return TestSpan(
            trace: number % 23 + 1, span: number,
            parent: Bool.random(using: &random) ? UInt64.random(in: 1...120, using: &random) : 0,
            start: Self.day + offset + number * 1000,
            // Some are a day long, so that the copy of the earlier day can be the one that ends later.
            duration: UInt64.random(in: 0...6, using: &random)
                + (number % 14 == 0 && Bool.random(using: &random) ? Day.nanoseconds : 0),
            kind: UInt64.random(in: 0...1, using: &random),
            status: UInt64.random(in: 0...2, using: &random), attributes: attributes,
            list: number % 5 == 0 ? ["a", "d\(number % 7)"] : [], service: "s\(number % 2)")
    }

    private func commit(
        _ engine: Engine, _ model: inout Model, _ random: inout SeededGenerator
    ) throws {
        var batch = SpanBatch()
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            let span = span(&random)
            let events = batch.events.rowCount
            batch.append(span)
            if Int.random(in: 0..<8, using: &random) == 0 {
                batch.removeLastSpan(eventsBefore: events, linksBefore: 0)
            } else {
                model.add(span)
            }
        }
        _ = try engine.commit(batch, [batch.count], engine.now())
    }

    private func merge(_ engine: Engine, _ random: inout SeededGenerator) throws {
        let policy = MergePolicy(
            spansMax: Int.random(in: 10...200, using: &random),
            rawBytesMax: Int.random(in: 1_000...1_000_000, using: &random),
            smallSegmentsMax: Int.random(in: 1...4, using: &random),
            countedSpansMin: 1, filteredSegmentsMin: Int.random(in: 1...3, using: &random),
            idleSeconds: 1000)
        let upkeep = Upkeep(engine, policy, Retention(seconds: nil))
        for _ in 0..<Int.random(in: 1...4, using: &random) where try !upkeep.step() { break }
    }

    /// What happens when no commit comes for a while.
    private func rest(
        _ engine: Engine, _ model: inout Model, _ random: inout SeededGenerator
    ) throws {
        let policy = MergePolicy(
            spansMax: Int.random(in: 10...200, using: &random), countedSpansMin: 1,
            filteredSegmentsMin: Int.random(in: 1...3, using: &random), idleSeconds: -1)
        let upkeep = Upkeep(engine, policy, Retention(seconds: nil))
        while try upkeep.step() {}
        #expect(engine.snapshot.small.isEmpty)
        #expect(engine.nextUncounted(spansMin: 1) { _ in true } == nil)
        model.removeCopies()
    }

    private func check(_ engine: Engine, _ model: Model) throws {
        let live = try engine.live()
        #expect(live.count == model.spans.count)
        #expect(Set(live) == Set(model.spans.values))
        let control = ScanControl(seconds: 30)
        let spans = try Scanner.slices(SliceQuery(unit: .span), engine.snapshot, control)
        #expect(spans.total.now.count == model.spans.count)
        let traces = try Scanner.slices(
            SliceQuery(by: [Field("raw.tenant")], limit: nil), engine.snapshot, control)
        #expect(traces.total.now.count == model.traceCount)
        #expect(
            Dictionary(uniqueKeysWithValues: traces.rows.map { ($0.key[0], $0.figures.now.count) })
                == model.tracesByTenant)
        #expect(TraceCount.of(engine.snapshot) == model.traceCount)
        for unit in [Unit.span, .trace] { try checkCounts(engine, model, unit) }
        try checkFilters(engine)
    }

    /// What a partition's filter says it knows, it knows.
    private func checkFilters(_ engine: Engine) throws {
        for view in engine.snapshot.large {
            guard let filter = view.segment.partition.filter, filter.covers(view.segment) else {
                continue
            }
            let hashes = try view.segment.traceTable().allHashes
            #expect(filter.traces.places(of: hashes) == Array(hashes.indices))
        }
    }

    /// What may be answered from stored counts, against the rules, and against the same question put so that it cannot be.
    private func checkCounts(_ engine: Engine, _ model: Model, _ unit: Unit) throws {
        let counts = [NamedFigure("count", .count), NamedFigure("failures", .failures)]
        func ask(_ query: SliceQuery) throws -> SliceAnswer {
            try Scanner.slices(query, engine.snapshot, ScanControl(seconds: 30))
        }
        var query = SliceQuery(unit: unit, figures: counts, limit: nil)
        if unit == .span {
            let total = try ask(query).total.now
            #expect(total.failures == model.spans.values.count { $0.status == 2 })
        }
        /// From counts, and by the same failure put so that no counts are known of it.
        func askBoth() throws -> (counted: SliceAnswer, scanned: SliceAnswer) {
            query.failure = SliceQuery.defaultFailure
            let counted = try ask(query)
            query.failure = .and([SliceQuery.defaultFailure])
            let scanned = try ask(query)
            #expect(counted.rows.map(\.key) == scanned.rows.map(\.key))
            for (a, b) in zip(counted.rows, scanned.rows) {
                #expect(a.figures.now.count == b.figures.now.count)
                #expect(a.figures.now.failures == b.figures.now.failures)
            }
            return (counted, scanned)
        }
        // With what rows must have, of all units together and by a field.
        query.having = .comparison(.failures, .greaterOrEqual, 1)
        for by in [[], [Field("raw.tenant")], [Field("list")]] {
            query.by = by
            _ = try askBoth()
        }
        query.having = nil
        for field in [
            "raw.tenant", "list", "service", "status", "name", "kind", "trace.spans", "nobody.has",
            "tenant", "conversation", "session",
        ] {
            query.by = [Field(field)]
            let (counted, scanned) = try askBoth()
            for (a, b) in zip(counted.rows, scanned.rows) {
                #expect(a.figures.now.examples == b.figures.now.examples)
            }
            #expect(counted.coverage.matched == scanned.coverage.matched)
            #expect(counted.coverage.spans == scanned.coverage.spans)
            #expect(counted.coverage.openTraces == scanned.coverage.openTraces)
        }
        try checkMinutes(engine, unit, counts)
    }

    /// Scans that are not held give what the held ones give.
    private func checkPassing(_ engine: Engine, _ random: inout SeededGenerator) throws {
        let query = SliceQuery(
            by: [Field("list"), Field("raw.tenant")],
            unit: Bool.random(using: &random) ? .span : .trace)
        let control = ScanControl(seconds: 30)
        for frame in try Frames.of(engine.snapshot, range: query.range) {
            @Sendable func make() throws -> SliceScan {
                try SliceScan(
                    query, FieldResolver(frame: frame, control: control), percentiles: [:])
            }
            let held = try make()
            let passing = PassingScan(held, again: make)
            let count = 3
            let place = (0..<held.groupCount).map { _ in
                Int32.random(in: KeyPlaces.nowhere..<Int32(count), using: &random)
            }
            for plan in [query.plan, FigurePlan()] {
                func sums(_ scan: any FrameScan) throws -> [String] {
                    let cells = try scan.cells(
                        place: place, count: count, plan, grid: nil, distinctCodes: [])
                    return try (cells + [scan.total(plan, distinctCodes: [])]).map {
                        "\($0.count) \($0.failures) \($0.durationSum) \($0.durationMax)"
                    }
                }
                #expect(try sums(held) == sums(passing))
            }
            for haveFailed in [true, false] {
                let examples = try held.examples(
                    haveFailed: haveFailed, place: place, count: count)
                #expect(
                    try passing.examples(haveFailed: haveFailed, place: place, count: count)
                        == examples)
            }
            #expect(held.unitCount == passing.unitCount && held.spanCount == passing.spanCount)
        }
    }

    private func condition(_ random: inout SeededGenerator, depth: Int) -> Expression {
        func compare(_ name: String, _ how: Comparison.Operator, _ values: String...) -> Expression
        {
            .comparison(Comparison(Field(name), how, values.map { .bare($0) }))
        }
        func part() -> Expression { condition(&random, depth: depth - 1) }
        let number = Int.random(in: 0...140, using: &random)
        switch Int.random(in: 0..<(depth > 0 ? 15 : 11), using: &random) {
        case 0: return compare("raw.tenant", .equal, "t\(number % 8)")
        case 1: return compare("list", .isIn, "d\(number % 9)", "x")
        case 2: return compare("service", .equal, "s\(number % 4)")
        case 3: return compare("status", .equal, ["error", "OK", "unset"][number % 3])
        case 4: return compare("duration", .greater, "\(number % 9)")
        case 5: return .has(Field("only.\(number)", scope: .span))
        case 6: return compare("name", .contains, number % 2 == 0 ? "s" : "never")
        case 7: return compare("trace.spans", .greaterOrEqual, "\(number % 12)")
        case 8: return .failed
        case 9: return compare("start_time", .greater, "\(Self.day + UInt64(number) * 1000)")
        case 10:
            let tenant = Field("raw.tenant", scope: .root)
            return .comparison(Comparison(tenant, .equal, [.text("t\(number % 6)")]))
        case 11: return .not(part())
        case 12: return .span(part())
        case 13: return .or([part(), part()])
        default: return .and([part(), part()])
        }
    }

    /// Rows of some traces, picked out of a segment, are those that are gathered from all of it.
    private func checkExtracts(_ engine: Engine, _ random: inout SeededGenerator) throws {
        for view in engine.snapshot.large {
            let ends = try view.segment.traceEnds()
            var rows: [Int] = []
            var deleted: [Int] = []
            var excluded = RowSet(rowCount: view.segment.record.spans)
            for trace in ends.indices {
                let own = (trace == 0 ? 0 : Int(ends[trace - 1]))..<Int(ends[trace])
                let isWanted = Bool.random(using: &random)
                for row in own {
                    let isDeleted = view.deleted?.contains(row) == true
                    if isWanted, isDeleted { deleted.append(rows.count) }
                    if isWanted { rows.append(row) }
                    if !isWanted || isDeleted { excluded.insert(row) }
                }
            }
            var ownExcluded = RowSet(rowCount: rows.count)
            for place in deleted { ownExcluded.insert(place) }
            let whole = try LooseFrame([(view.segment, excluded)])
            let extract = try LooseFrame([
                (SegmentExtract(view.segment, rows: rows), ownExcluded)
            ])
            #expect(extract.rowCounts[0] == whole.rowCounts[0])
            #expect(extract.traceEnds == whole.traceEnds)
            #expect(try extract.parentRows() == whole.parentRows())
            for key in view.segment.keys where ![.parentRow, .parentSpanID].contains(key) {
                #expect(try values(extract, key) == values(whole, key), "\(key)")
            }
        }
    }

    private func values(_ frame: LooseFrame, _ key: ColumnKey) throws -> [Int: String] {
        var values: [Int: String] = [:]
        guard let column = try frame.column(key, withTexts: true) else { return [:] }
        column.presence.visit { row, entry in
            values[row] =
                key.type.isCoded
                ? "\(column.value(Int(column.codes[entry])))"
                : key.type == .empty ? "" : String(column.numbers[entry])
        }
        return values
    }

    /// What is ruled out has no unit that matches.
    private func checkPruning(_ engine: Engine, _ random: inout SeededGenerator) throws {
        let frames = try Frames.of(engine.snapshot, range: TimeRange(from: nil, to: nil))
        for _ in 0..<100 {
            let unit = Bool.random(using: &random) ? Unit.span : .trace
            let condition = condition(&random, depth: 3)
            let pruning = FramePruning(
                condition: condition, failure: SliceQuery.defaultFailure, unit: unit,
                percentiles: [:])
            for frame in frames where try !pruning.mayMatch(frame) {
                let evaluator = ConditionEvaluator(
                    FieldResolver(frame: frame, control: ScanControl(seconds: 30)), unit: unit,
                    failure: SliceQuery.defaultFailure, percentiles: [:])
                #expect(try !evaluator.units(condition).contains(true), "\(condition) of \(unit)s")
            }
        }
    }

    private func checkMinutes(
        _ engine: Engine, _ unit: Unit, _ counts: [NamedFigure]
    ) throws {
        let minute = MinuteCounts.nanoseconds
        let first = Int64(Self.day) / minute * minute
        for range in [
            (first, first + minute), (first - minute, first + 2 * Int64(Day.nanoseconds)),
        ] {
            var query = SliceQuery(
                unit: unit, range: TimeRange(from: range.0, to: range.1), figures: counts,
                steps: .aligned(nanoseconds: minute * 60), stepFigures: counts)
            let counted = try Scanner.slices(query, engine.snapshot, ScanControl(seconds: 30))
            query.failure = .and([SliceQuery.defaultFailure])
            let scanned = try Scanner.slices(query, engine.snapshot, ScanControl(seconds: 30))
            #expect(counted.coverage.matched == scanned.coverage.matched)
            for (a, b) in zip(counted.rows, scanned.rows) {
                #expect(a.figures.steps.map(\.count) == b.figures.steps.map(\.count))
                #expect(a.figures.steps.map(\.failures) == b.figures.steps.map(\.failures))
            }
        }
    }

    @Test(arguments: 0..<30)
    func `of commits, merges and restarts leave what the rules say`(seed: UInt64) throws {
        let directory = TestDirectory()
        var random = SeededGenerator(seed: seed)
        var engine = try directory.engine()
        var model = Model()
        for _ in 0..<25 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                try engine.close()
                engine = try directory.engine()
            case 1: try rest(engine, &model, &random)
            case 2...4: try merge(engine, &random)
            default: try commit(engine, &model, &random)
            }
            try check(engine, model)
        }
        try checkPassing(engine, &random)
        try checkPruning(engine, &random)
        try checkExtracts(engine, &random)
        try engine.close()
    }
}
