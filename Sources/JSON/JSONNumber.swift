/// A number of a JSON text, as it was written.
package struct JSONNumber {
    let raw: UnsafeRawBufferPointer
    /// Neither a fraction nor an exponent.
    package let isInteger: Bool

    // MARK: Values

    /// The value, if it is written as an integer and fits.
    @inline(__always)
    package var int64: Int64? {
        guard isInteger else { return nil }
        var magnitude: UInt64 = 0
        for index in (isNegative ? 1 : 0)..<raw.count {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(raw[index] - 48))
            if overflow || carry { return nil }
            magnitude = sum
        }
        return signed(magnitude)
    }

    private var isNegative: Bool { raw[0] == UInt8(ascii: "-") }

    private func signed(_ magnitude: UInt64) -> Int64? {
        if isNegative {
            return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The digits of a number with a fraction or an exponent, if they make an integer that fits. Exact,
    /// where a double would round a time in nanoseconds.
    private var scaledMagnitude: UInt64? {
        var magnitude: UInt64 = 0
        // Zeros wait until another digit needs them, so that those at the end cost no precision.
        var zeros = 0
        var scale = 0
        var isFraction = false
        for (index, byte) in raw.enumerated() {
            switch byte {
            case 48...57:
                if isFraction { scale -= 1 }
                zeros += 1
                guard byte > 48 else { continue }
                guard let shifted = Self.shift(magnitude, by: zeros) else { return nil }
                let (sum, overflow) = shifted.addingReportingOverflow(UInt64(byte - 48))
                if overflow { return nil }
                magnitude = sum
                zeros = 0
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "-"): continue
            default:
                let exponent = String(decoding: raw[(index + 1)...], as: UTF8.self)
                if magnitude == 0 { return 0 }
                guard let exponent = Int(exponent) else { return nil }
                let (sum, overflow) = (scale + zeros).addingReportingOverflow(exponent)
                return overflow || sum < 0 ? nil : Self.shift(magnitude, by: sum)
            }
        }
        if magnitude == 0 { return 0 }
        return scale + zeros < 0 ? nil : Self.shift(magnitude, by: scale + zeros)
    }

    /// `value` with so many zeros after it, if it fits.
    private static func shift(_ value: UInt64, by zeros: Int) -> UInt64? {
        if value == 0 { return 0 }
        var value = value
        for _ in 0..<min(zeros, 20) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        return value
    }

    /// The value, if it is an integer from 0 on, however it is written: `1e3` and `5.0` are.
    package var uint64: UInt64? {
        if isInteger {
            guard raw[0] != UInt8(ascii: "-") else { return int64 == 0 ? 0 : nil }
            return UInt64(text)
        }
        guard let magnitude = scaledMagnitude else { return nil }
        return isNegative && magnitude > 0 ? nil : magnitude
    }

    /// The value, if it is an integer that fits, however it is written.
    package var integralValue: Int64? {
        if isInteger { return int64 }
        return scaledMagnitude.flatMap { signed($0) }
    }

    /// The nearest double; numbers too large are infinite.
    package var double: Double {
        // Clinger's fast path: up to 15 digits and powers of ten up to 22 are exact.
        if raw.count <= 15, let fast = simpleDouble { return fast }
        return Double(text) ?? .nan
    }

    private var simpleDouble: Double? {
        var mantissa = 0.0
        var scale = 0
        var isFraction = false
        for byte in raw {
            switch byte {
            case 48...57:
                mantissa = mantissa * 10 + Double(byte - 48)
                if isFraction { scale += 1 }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "-"): continue
            default: return nil
            }
        }
        let value = mantissa / Self.powersOfTen[scale]
        return raw[0] == UInt8(ascii: "-") ? -value : value
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    package var text: String { String(decoding: raw, as: UTF8.self) }

    /// What `read` makes of the number that a text holds, for those who put theirs in quotes; nil if it
    /// holds anything else.
    package static func inText<R>(_ text: String, _ read: (JSONNumber) -> R?) -> R? {
        var text = text
        return text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            var offset = 0
            guard let number = try? scan(bytes, &offset), offset == bytes.count else { return nil }
            return read(number)
        }
    }

    // MARK: Scanning

    static func scan(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(JSONError) -> JSONNumber {
        let start = offset
        var isInteger = true
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let first = offset
        try digits(bytes, &offset)
        if bytes[first] == UInt8(ascii: "0"), offset - first > 1 {
            throw .malformed(message: "a number begins with 0", offset: first)
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            try digits(bytes, &offset)
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if offset < bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[offset])
            {
                offset += 1
            }
            try digits(bytes, &offset)
        }
        return JSONNumber(
            raw: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), isInteger: isInteger)
    }

    private static func digits(
        _ bytes: UnsafeRawBufferPointer, _ offset: inout Int
    ) throws(JSONError) {
        let start = offset
        while offset < bytes.count, bytes[offset] >= 48, bytes[offset] <= 57 { offset += 1 }
        if offset == start { throw .malformed(message: "expected a digit", offset: offset) }
    }
}
