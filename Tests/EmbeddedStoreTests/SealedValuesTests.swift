import Foundation
import GRDB
import Spans
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Values that are sealed` {
    private static let odd: [DatabaseValue] = [
        .null, Int64.min.databaseValue, Int64.max.databaseValue, 0.databaseValue,
        (-0.5).databaseValue, Double.infinity.databaseValue, "".databaseValue,
        "naïve 値段 \u{0}x".databaseValue, String(repeating: "k", count: 300).databaseValue,
        Data().databaseValue, Data([0, 255, 3]).databaseValue,
    ]

    @Test(arguments: UInt64(1)...200)
    func `are read as they were written`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let values = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
            Self.odd[Int.random(in: Self.odd.indices, using: &random)]
        }
        let bytes = SealedValues.bytes(of: values)
        #expect(try SealedValues.values(in: bytes) == values)
        // Wherever it is cut, there is nothing in it that was not.
        let cut = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
        if let fewer = try? SealedValues.values(in: cut) {
            #expect(fewer == Array(values.prefix(fewer.count)))
        }
    }

    @Test(arguments: [
        [9], [1, 2, 3], [3, 5, 65],
        [4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1],
    ])
    func `are nothing else`(bytes: [UInt8]) {
        #expect(throws: DamagedBytes.self) { try SealedValues.values(in: bytes) }
    }
}
