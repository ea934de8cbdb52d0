internal import Spans

#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

/// A string of a JSON text, checked but not yet decoded.
package struct JSONString {
    /// What stands between the quotes.
    let raw: UnsafeRawBufferPointer
    let hasEscapes: Bool
    let isASCII: Bool

    package var isEmpty: Bool { raw.isEmpty }

    /// Whether it is this text. Keys are compared so, without being decoded.
    package func equals(_ text: StaticString) -> Bool {
        if hasEscapes { return decodedString == text.description }
        guard raw.count == text.utf8CodeUnitCount, let base = raw.baseAddress else {
            return raw.isEmpty && text.utf8CodeUnitCount == 0
        }
        return memcmp(base, text.utf8Start, raw.count) == 0
    }

    package var decodedString: String {
        var scratch: [UInt8] = []
        return withBytes(&scratch) { bytes, _ in String(decoding: bytes, as: UTF8.self) }
    }

    /// Calls `body` with its bytes as valid UTF-8, and whether something had to be repaired: lone
    /// surrogates and invalid UTF-8 become U+FFFD.
    ///
    /// - Parameter scratch: room for what has to be decoded, reused from string to string.
    @inline(__always)
    package func withBytes<R>(
        _ scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer, _ isRepaired: Bool) throws -> R
    ) rethrows -> R {
        if !hasEscapes, isASCII || UTF8Repair.isValid(raw) { return try body(raw, false) }
        scratch.removeAll(keepingCapacity: true)
        var isRepaired = false
        if hasEscapes {
            isRepaired = decode(into: &scratch)
        } else {
            scratch.append(contentsOf: raw)
        }
        if !isASCII, !scratch.withUnsafeBytes(UTF8Repair.isValid) {
            scratch = UTF8Repair.repaired(scratch)
            isRepaired = true
        }
        return try scratch.withUnsafeBytes { try body($0, isRepaired) }
    }

    // MARK: Scanning

    /// Finds the closing quote from `offset` on and leaves the offset at it.
    ///
    /// Eight bytes at a time: most of a request is text without anything to stop at.
    static func scan(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(JSONError) -> (hasEscapes: Bool, isASCII: Bool) {
        var hasEscapes = false
        var seen: UInt64 = 0
        while true {
            while offset + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                if stops(word) { break }
                seen |= word
                offset += 8
            }
            guard offset < bytes.count else {
                throw .malformed(message: "the text ends within a string", offset: offset)
            }
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                return (hasEscapes, seen & 0x8080_8080_8080_8080 == 0)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape(bytes, &offset)
            case 0..<0x20:
                throw .malformed(message: "a control character within a string", offset: offset)
            default:
                seen |= UInt64(byte)
                offset += 1
            }
        }
    }

    /// Whether one of eight bytes is a quote, a backslash or a control character
    /// (the zero-byte test of Mycroft 1987).
    @inline(__always)
    private static func stops(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ 0x2222_2222_2222_2222
        let backslash = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let found =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
            | ((word &- 0x2020_2020_2020_2020) & ~word)
        return found & highs != 0
    }

    private static func skipEscape(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(JSONError) {
        guard offset + 1 < bytes.count else {
            throw .malformed(message: "the text ends within a string", offset: offset)
        }
        switch bytes[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            guard offset + 6 <= bytes.count, hexadecimal(bytes, offset + 2) != nil else {
                throw .malformed(
                    message: "\\u is followed by four hexadecimal digits", offset: offset)
            }
            offset += 6
        default: throw .malformed(message: "an unknown escape", offset: offset)
        }
    }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32? {
        var value: UInt32 = 0
        for index in offset..<offset + 4 {
            let digit: UInt8
            switch bytes[index] {
            case 48...57: digit = bytes[index] - 48
            case 65...70: digit = bytes[index] - 55
            case 97...102: digit = bytes[index] - 87
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    // MARK: Decoding

    /// - Returns: whether a lone surrogate was replaced.
    private func decode(into out: inout [UInt8]) -> Bool {
        out.reserveCapacity(raw.count)
        var isRepaired = false
        var offset = 0
        while offset < raw.count {
            let byte = raw[offset]
            guard byte == UInt8(ascii: "\\") else {
                let start = offset
                while offset < raw.count, raw[offset] != UInt8(ascii: "\\") { offset += 1 }
                out.append(contentsOf: UnsafeRawBufferPointer(rebasing: raw[start..<offset]))
                continue
            }
            switch raw[offset + 1] {
            case UInt8(ascii: "b"): out.append(8)
            case UInt8(ascii: "f"): out.append(12)
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "u"):
                let (scalar, length) = scalar(at: offset)
                if scalar == nil { isRepaired = true }
                out.append(contentsOf: String(Character(scalar ?? "\u{FFFD}")).utf8)
                offset += length
                continue
            case let other: out.append(other)
            }
            offset += 2
        }
        return isRepaired
    }

    /// The scalar of one or two `\u` escapes and their length; nil for a lone surrogate.
    private func scalar(at offset: Int) -> (Unicode.Scalar?, Int) {
        let first = Self.hexadecimal(raw, offset + 2) ?? 0
        if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
        guard first < 0xDC00, offset + 12 <= raw.count, raw[offset + 6] == UInt8(ascii: "\\"),
            raw[offset + 7] == UInt8(ascii: "u"), let second = Self.hexadecimal(raw, offset + 8),
            (0xDC00...0xDFFF).contains(second)
        else { return (nil, 6) }
        return (Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + second - 0xDC00), 12)
    }
}
