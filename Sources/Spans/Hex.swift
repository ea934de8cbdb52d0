/// Bytes as hexadecimal digits, lower case: how ids are written.
package enum Hex {
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A span id, which batches hold as the big-endian number of its 8 bytes.
    package static func text(spanID: UInt64) -> String {
        text(withUnsafeBytes(of: spanID.bigEndian) { Array($0) })
    }

    /// A trace id, as the big-endian number of its 16 bytes.
    package static func text(traceID: UInt128) -> String {
        text(withUnsafeBytes(of: traceID.bigEndian) { Array($0) })
    }

    /// nil unless all are pairs of hexadecimal digits, of either case.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// The value of a hexadecimal digit.
    package static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
