import Spans
import TestSupport
import Testing

@testable import Wire

private func read(_ text: String, oldest: UInt64 = 0) throws -> ScoreReport {
    try Array(text.utf8).withUnsafeBytes {
        try readScores($0, receipt: Receipt(time: receivedAt, oldestStart: oldest))
    }
}

private let trace = #""trace_id":"0102030405060708090a0b0c0d0e0f10""#

@Suite struct `Native scores` {
    @Test(arguments: [
        ("1", 1.0), ("-0.5", -0.5), ("true", 1), ("false", 0), ("1e3", 1000),
    ]) func `have numbers or booleans as values`(json: String, value: Double) throws {
        let report = try read("{\(trace),\"name\":\"a\",\"value\":\(json)}")
        #expect(report.scores.map(\.value) == [value])
        #expect(report.scores[0].time == Int64(receivedAt))
    }

    @Test(
        arguments: [
            ("1790000000", 1_790_000_000_000_000_000), ("1790000000123", 1_790_000_000_123_000_000),
            ("1790000000123456789", 1_790_000_000_123_456_789),
            ("\"2026-11-18T10:26:40Z\"", 1_794_997_600_000_000_000),
        ] as [(String, Int64)]) func `take times of any unit`(json: String, time: Int64) throws
    {
        let report = try read("{\(trace),\"name\":\"a\",\"value\":1,\"time\":\(json)}")
        #expect(report.scores.map(\.time) == [time])
    }

    @Test(arguments: ["", "[", "nothing", "[{\"name\":"])
    func `throw where nothing can be read`(text: String) {
        #expect(throws: WireError.self) { try read(text) }
    }

    @Test func `older than what is retained are refused`() throws {
        let text = "{\(trace),\"name\":\"a\",\"value\":1,\"time\":1790000000}"
        let edge: UInt64 = 1_790_000_000_000_000_000
        #expect(try read(text, oldest: edge).scores.count == 1)
        #expect(try read(text, oldest: edge + 1).report.rejected == 1)
    }
}
