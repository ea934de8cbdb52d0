import Spans
import Store
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Frames without what a condition asks for` {
    private static let day: UInt64 = 1_795_000_000_000_000_000 / Day.nanoseconds * Day.nanoseconds

    /// One large segment of each hour, with tenants of its own; so many that they are looked up, not all tested.
    private func engine(_ directory: TestDirectory, tenants: UInt64) throws -> Engine {
        let engine = try directory.engine()
        let policy = MergePolicy(
            spansMax: Int(tenants), smallSegmentsMax: 1, countedSpansMin: 1, idleSeconds: -1)
        for hour in 0..<3 as Range<UInt64> {
            var batch = SpanBatch()
            for number in 0..<tenants {
                batch.append(
                    TestSpan(
                        trace: hour << 32 | number, span: hour << 32 | number + 1,
                        start: Self.day + hour * 3_600_000_000_000 + number,
                        duration: number % 100, status: number == 0 ? 2 : 0,
                        attributes: ["raw.tenant": "h\(hour)-\(number)"]))
            }
            _ = try engine.commit(batch, [batch.count], engine.now())
            let upkeep = Upkeep(engine, policy, Retention(seconds: nil))
            while try upkeep.step() {}
        }
        return engine
    }

    private func kept(
        _ engine: Engine, _ unit: Unit, _ condition: Expression
    ) throws -> Int {
        let query = SliceQuery(condition: condition, unit: unit)
        let frames = try Frames.of(engine.snapshot, range: query.range)
        #expect(frames.count == 3)
        return try FramePruning.frames(frames, for: query, [:]).count
    }

    @Test(arguments: [100, 3000] as [UInt64], [Unit.span, .trace])
    func `are not looked at`(tenants: UInt64, unit: Unit) throws {
        let directory = TestDirectory()
        let engine = try engine(directory, tenants: tenants)
        func tenant(_ how: Comparison.Operator, _ values: String...) -> Expression {
            .comparison(Comparison(Field("raw.tenant"), how, values.map { .text($0) }))
        }
        #expect(try kept(engine, unit, tenant(.equal, "h1-7")) == 1)
        #expect(try kept(engine, unit, tenant(.equal, "h1-0")) == 1)
        #expect(try kept(engine, unit, tenant(.equal, "h3-7")) == 0)
        #expect(try kept(engine, unit, tenant(.isIn, "h1-7", "h2-9", "no")) == 2)
        #expect(try kept(engine, unit, .not(tenant(.equal, "h1-7"))) == 3)
        #expect(try kept(engine, unit, .or([tenant(.equal, "h1-7"), tenant(.equal, "h0-8")])) == 2)
        #expect(
            try kept(engine, unit, .and([tenant(.equal, "h1-7"), tenant(.equal, "h0-8")])) == 0)
        // All values are tested only where they are few.
        #expect(try kept(engine, unit, tenant(.startsWith, "h2-")) == (tenants > 256 ? 3 : 1))
        #expect(try kept(engine, unit, .has(Field("nobody.has"))) == 0)
        #expect(try kept(engine, unit, .failed) == 3)
        func slower(than nanoseconds: Double) -> Expression {
            let literal = Literal.duration(nanoseconds: nanoseconds, text: "")
            return .comparison(Comparison(Field("duration"), .greater, [literal]))
        }
        #expect(try kept(engine, unit, slower(than: 98)) == 3)
        // Of a trace without a root more is known than its spans say.
        #expect(try kept(engine, unit, slower(than: 99)) == (unit == .span ? 0 : 3))
        #expect(try kept(engine, unit, .span(slower(than: 99))) == 0)
        try engine.close()
    }

    @Test(arguments: 0..<200)
    func `are told by values that are equal and no others`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = [
            "a", "", "1", "1.0", "-0", "01", "1e3", "true", "TRUE", "NaN", "Infinity", "AQI=",
            "AQI",
            "9007199254740993", "9007199254740992", "9223372036854775807", "[1]", "é", "e\u{301}",
        ]
        let values: [GroupValue] =
            texts.map { .text($0) } + texts.map { .json($0) } + [
                .integer(0), .integer(1), .integer(1000), .integer(.max),
                .integer(9_007_199_254_740_993), .double(1.5), .double(-0.0), .double(.nan),
                .double(-.infinity), .double(9_007_199_254_740_992), .boolean(true),
                .boolean(false), .bytes([1, 2]), .bytes([]),
            ]
        let literals = (0..<Int.random(in: 1...3, using: &random)).map { _ -> Literal in
            let text = texts.randomElement(using: &random) ?? ""
            return Bool.random(using: &random) ? .text(text) : .bare(text)
        }
        let comparison = Comparison(Field("key"), .isIn, literals)
        let test = try LiteralTest(comparison, percentiles: [:])
        guard let only = test.onlyMatches else { return }
        func tagged(_ value: GroupValue) -> [UInt8] {
            var table = ValueTable()
            let code = table.code(value)
            return Array(table.tagged(code))
        }
        let known = Set(only.map(tagged))
        for value in values where test.matches(value) {
            #expect(known.contains(tagged(value)), "\(value) matches \(literals)")
        }
    }
}
