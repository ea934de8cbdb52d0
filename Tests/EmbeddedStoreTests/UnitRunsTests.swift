import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Runs of units` {
    @Test(arguments: 0..<200) func `are visited as their numbers one by one`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var runs = UnitRuns()
        var numbers: [UInt32] = []
        var next = 0
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            // Some begin where the last one ended, some are empty.
            next += Int.random(in: 0...3, using: &random)
            let end = next + Int.random(in: 0...9, using: &random)
            runs.append(next..<end)
            numbers += (next..<end).map { UInt32($0) }
            next = end
        }
        #expect(zip(runs.runs, runs.runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        let selection = UnitSelection.runs(runs)
        let expected = UnitSelection.some(numbers)
        #expect(selection.count == numbers.count)
        #expect(numbers.indices.allSatisfy { selection[$0] == Int(numbers[$0]) })
        #expect(visited(selection) == visited(expected))
        let stop = numbers.isEmpty ? 0 : Int.random(in: numbers.indices, using: &random)
        #expect(visitedReversed(selection, stop) == visitedReversed(expected, stop))
        let all = Array(0..<next + 5)
        #expect(selection.picked(all) == expected.picked(all))
        let codes = Codes(all.map { UInt32($0) })
        #expect(codes.picked(selection) == codes.picked(expected))
        let lower = Int.random(in: 0...next, using: &random)
        let within = lower..<Int.random(in: lower...next + 3, using: &random)
        var found: [UInt32] = []
        runs.visit(within: within) { found += $0.map { UInt32($0) } }
        #expect(found == numbers.filter { within.contains(Int($0)) })
    }

    private func visited(_ selection: UnitSelection) -> [[Int]] {
        var found: [[Int]] = []
        selection.visit { found.append([$0, $1]) }
        return found
    }

    private func visitedReversed(_ selection: UnitSelection, _ stop: Int) -> [[Int]] {
        var found: [[Int]] = []
        selection.visitReversed { position, unit in
            found.append([position, unit])
            return position > stop
        }
        return found
    }
}
