import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Filters of traces` {
    @Test(arguments: [0, 1, 40, 43, 44, 1000, 50_000])
    func `let all of theirs pass, and few others`(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let own = (0..<count).map { _ in random.next() }
        let strangers = (0..<20_000).map { _ in random.next() }
        let filter = TraceFilter(hashes: own)
        #expect(filter.places(of: own) == Array(own.indices))
        let passing = filter.places(of: strangers)
        #expect(passing == strangers.indices.filter { filter.contains(strangers[$0]) })
        // 1 of 200 is what its documentation says.
        #expect(passing.count < 20_000 / 100)
        #expect(filter.places(of: []) == [])
    }
}
