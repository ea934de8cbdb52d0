import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Values that rows give to traces` {
    /// Rows of traces of which some are long and have many values.
    private static func traces(
        _ random: inout SeededGenerator, values: UInt32
    ) -> [[UInt32]] {
        (0..<Int.random(in: 1...30, using: &random)).map { _ in
            let rows = [0, 1, 1, 2, 5, 300].randomElement(using: &random) ?? 1
            let most = [values, 3].randomElement(using: &random) ?? values
            return (0..<rows).map { _ in UInt32.random(in: 0...most, using: &random) }
        }
    }

    /// Each once, in the order in which they come; null if there are none.
    private static func distinct(_ values: [UInt32]) -> [UInt32] {
        var known: [UInt32] = []
        for value in values where value != 0 && !known.contains(value) { known.append(value) }
        return known.isEmpty ? [0] : known
    }

    private static func ends(_ lists: [[UInt32]]) -> [UInt32] {
        var end: UInt32 = 0
        return lists.map {
            end += UInt32($0.count)
            return end
        }
    }

    /// Codes of one byte, two, and four.
    @Test(arguments: UInt64(1)...150, [UInt32(90), 1000, 70000])
    func `are those of its rows`(seed: UInt64, values: UInt32) {
        var random = SeededGenerator(seed: seed)
        let traces = Self.traces(&random, values: values)
        var pass = TracePass(Self.ends(traces), nil)
        Codes(traces.flatMap { $0 }).visit(&pass)
        let expected = traces.map(Self.distinct)
        #expect(pass.codes == expected.flatMap { $0 })
        #expect(pass.ends == Self.ends(expected))
    }

    @Test(arguments: UInt64(1)...150, [UInt32(90), 1000])
    func `are the elements of lists of its rows`(seed: UInt64, values: UInt32) {
        var random = SeededGenerator(seed: seed)
        let traces = Self.traces(&random, values: values)
        var lists = ListTable()
        lists.append([])
        for _ in 0..<values {
            let count = Int.random(in: 1...4, using: &random)
            lists.append((0..<count).map { _ in UInt32.random(in: 1...values, using: &random) })
        }
        var pass = TracePass(Self.ends(traces), lists)
        Codes(traces.flatMap { $0 }).visit(&pass)
        let expected = traces.map { trace in Self.distinct(trace.flatMap { lists[Int($0)] }) }
        #expect(pass.codes == expected.flatMap { $0 })
        #expect(pass.ends == Self.ends(expected))
    }
}
