/// Makes text valid UTF-8. Senders cut strings within a character; official decoders then lose the whole
/// request.
package enum UTF8Repair {
    /// Whether bytes are UTF-8. ASCII, which is most of all text, takes eight bytes a step.
    package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while true {
            offset = asciiEnd(bytes, from: offset)
            if offset == bytes.count { return true }
            let length = sequenceLength(bytes, offset)
            if length == 0 { return false }
            offset += length
        }
    }

    /// Where the first byte lies that is no ASCII; `bytes.count` if there is none.
    @inline(__always)
    private static func asciiEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let count = bytes.count
        var offset = start
        while count - offset >= 8 {
            let found = notASCII(bytes, offset)
            if found < 8 { return offset + found }
            offset += 8
        }
        if offset == count { return count }
        // The rest is less than a step: one more looks at bytes before it again, if there are any.
        if count - start >= 8 { return count - 8 + notASCII(bytes, count - 8) }
        while offset < count, bytes[offset] < 0x80 { offset += 1 }
        return offset
    }

    /// Of eight bytes how many come before the first that is no ASCII.
    @inline(__always)
    private static func notASCII(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        return (word & 0x8080_8080_8080_8080).trailingZeroBitCount / 8
    }

    /// The same bytes with U+FFFD for each maximal part that is not UTF-8.
    package static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// The length of the character at an offset; 0 if there is none (Unicode 15, table 3-7).
    @inline(__always)
    private static func sequenceLength(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        let first = bytes[offset]
        if first < 0x80 { return 1 }
        func follows(_ distance: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            offset + distance < bytes.count && range.contains(bytes[offset + distance])
        }
        switch first {
        case 0xC2...0xDF: return follows(1) ? 2 : 0
        case 0xE0: return follows(1, 0xA0...0xBF) && follows(2) ? 3 : 0
        case 0xED: return follows(1, 0x80...0x9F) && follows(2) ? 3 : 0
        case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : 0
        case 0xF0: return follows(1, 0x90...0xBF) && follows(2) && follows(3) ? 4 : 0
        case 0xF1...0xF3: return follows(1) && follows(2) && follows(3) ? 4 : 0
        case 0xF4: return follows(1, 0x80...0x8F) && follows(2) && follows(3) ? 4 : 0
        default: return 0
        }
    }
}
