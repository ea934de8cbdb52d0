import Store
import TestSupport
import Testing

@testable import Queries

@Suite struct `Figures in questions` {
    @Test(arguments: [
        ("count", "count"), ("count, failures", "count failures"),
        ("p95(duration),P99.9( ttft )", "p95(duration) p99.9(ttft)"),
        ("sum(cost), AVG(tokens.output)", "sum(cost) avg(tokens.output)"),
        ("distinct(attr(\"my key\"))", "distinct(attr(\"my key\"))"),
        ("histogram(root.duration)", "histogram(root.duration)"), ("p95_ms", "p95_ms"),
        ("p0.0000001(duration)", "p0.0000001(duration)"),
    ])
    func `are read as they were meant`(text: String, names: String) throws {
        let figures = try ExpressionParser.figures(text)
        #expect(figures.map(\.name).joined(separator: " ") == names)
        #expect(try ExpressionParser.figures(figures.map(\.name).joined(separator: ",")) == figures)
    }

    @Test(arguments: [
        ("count >= 100 and p95(duration) > 2000", true),
        ("p95(duration) > 2s and not count < 100", true),
        ("(count = 7 or failures != 3) and failure_rate <= 0.5", false),
        ("count > 120", false), ("not (count > 120)", true), ("avg(x) > 1", false),
        ("not avg(x) > 1", true),
    ])
    func `are compared`(text: String, holds: Bool) throws {
        let having = try ExpressionParser.having(text)
        let row: [Figure: Double] = [
            .count: 120, .failures: 3, .failureRate: 0.025,
            .aggregate(.percentile(95), Field("duration")): 2500,
        ]
        #expect(having.holds { row[$0] } == holds)
    }

    @Test func `nest to a limit and no deeper`() throws {
        let nested = { (count: Int) in
            String(repeating: "(", count: count) + "count > 1"
                + String(repeating: ")", count: count)
        }
        _ = try ExpressionParser.having(nested(ExpressionParser.depthMax))
        #expect(throws: ExpressionError.self) {
            try ExpressionParser.having(nested(ExpressionParser.depthMax + 1))
        }
    }
}
