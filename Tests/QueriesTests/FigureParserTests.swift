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
    ])
    func `are read as they were meant`(text: String, names: String) throws {
        let figures = try ExpressionParser.figures(text)
        #expect(figures.map(\.name).joined(separator: " ") == names)
        #expect(try ExpressionParser.figures(figures.map(\.name).joined(separator: ",")) == figures)
    }

    @Test(arguments: [
        ("", 0), ("counts", 0), ("count,", 6), ("p95", 0), ("p95()", 4), ("p101(duration)", 0),
        ("p0(duration)", 0), ("median(duration)", 0), ("sum(cost", 8), ("count failures", 6),
        ("sum(\"a\")", 4), ("count, nonsense", 7),
    ])
    func `are refused at the place of the mistake`(text: String, position: Int) {
        #expect {
            _ = try ExpressionParser.figures(text)
        } throws: { error in
            (error as? ExpressionError)?.position == position
        }
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

    @Test(arguments: [
        ("count", 5), ("count >", 7), ("count > x", 8), ("count ~ 1", 6), ("5 > count", 0),
        ("count > 1 and", 13), ("(count > 1", 10), ("histogram(x) > 1", 13),
    ])
    func `are refused in a condition at the place of the mistake`(text: String, position: Int) {
        #expect {
            _ = try ExpressionParser.having(text)
        } throws: { error in
            (error as? ExpressionError)?.position == position
        }
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
