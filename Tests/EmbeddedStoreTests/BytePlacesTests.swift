import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Places of bytes` {
    /// Few letters, so that there are many places, and parts that overlap themselves.
    @Test(arguments: 0..<40)
    func `are those of a naive search, however many are kept`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...400, using: &random)).map { _ in
            UInt8.random(in: 97...99, using: &random)
        }
        let part = (0..<Int.random(in: 1...4, using: &random)).map { _ in
            UInt8.random(in: 97...100, using: &random)
        }
        let expected = bytes.indices.filter { bytes[$0...].starts(with: part) }
        bytes.withUnsafeBytes { bytes in
            part.withUnsafeBytes { part in
                for knownMax in [0, 1, 7, 1000] {
                    let places = BytePlaces(of: part, in: bytes, knownMax: knownMax)
                    // With none kept it is not known before one asks.
                    if knownMax > 0 { #expect(places.isEmpty == expected.isEmpty) }
                    for step in 1...9 {
                        var cursor = places.cursor
                        for position in stride(from: 0, through: bytes.count, by: step) {
                            let first = expected.first { $0 >= position } ?? .max
                            #expect(cursor.first(from: position) == first)
                            #expect(cursor.first(from: position) == first)
                        }
                    }
                }
            }
        }
    }
}
