import TestSupport
import Testing

@testable import Spans

@Suite struct `Hashes of bytes` {
    private func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { hashBytes($0) } }

    @Test(arguments: 0...40)
    func `depend on every byte and on their number`(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let own = hash(bytes)
        #expect(hash(bytes) == own)
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << UInt8(bit)
                #expect(hash(other) != own)
            }
        }
        #expect(hash(bytes + [0]) != own)
        #expect(hash([0] + bytes) != own)
    }

    /// What a table uses of them: the lowest bits are spread as chance would.
    @Test(arguments: ["", "user-", "a name that they all begin with, "])
    func `spread names that differ little`(prefix: String) {
        let slots = 1 << 15
        var used = Set<UInt64>()
        for number in 0..<25_000 {
            used.insert(hash(Array("\(prefix)\(number)".utf8)) & UInt64(slots - 1))
        }
        // 32,768 × (1 − e^(−25,000 ÷ 32,768)) are 17,489, with a deviation of some 70.
        #expect(abs(used.count - 17_489) < 500)
    }
}

@Suite struct `Bytes of text` {
    @Test(arguments: 0...40)
    func `are told from others at every place`(count: Int) {
        let ascii = [UInt8](repeating: 0x61, count: count)
        #expect(ascii.withUnsafeBytes { UTF8Repair.isValid($0) })
        for index in ascii.indices {
            var bytes = ascii
            bytes[index] = 0xFF
            #expect(!bytes.withUnsafeBytes { UTF8Repair.isValid($0) })
            bytes.replaceSubrange(index...index, with: Array("é".utf8))
            #expect(bytes.withUnsafeBytes { UTF8Repair.isValid($0) })
            #expect(
                !bytes.dropLast(bytes.count - index - 1).withUnsafeBytes { UTF8Repair.isValid($0) })
        }
    }
}
