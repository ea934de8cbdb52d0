/// What is wrong with bytes that were read back. They are ours, so it means damage or a format from
/// the future; the segment is set aside, the rest keeps working.
package struct DamagedBytes: Error, Sendable, CustomStringConvertible {
    package let reason: String

    package var description: String { reason }

    init(_ reason: String) { self.reason = reason }
}

extension [UInt8] {
    /// Appends an unsigned LEB128 integer: 7 bits a byte, least significant first.
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func appendVarint(_ value: Int) { appendVarint(UInt64(value)) }

    /// Appends a signed integer so that small magnitudes take few bytes.
    mutating func appendZigzag(_ value: Int64) { appendVarint(zigzag(value)) }

    mutating func appendLittleEndian(_ value: UInt64) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

@inline(__always)
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

@inline(__always)
func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}

/// Reads forward through bytes that this module wrote, checking every length.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }

    mutating func byte() throws(DamagedBytes) -> UInt8 {
        guard position < bytes.count else { throw DamagedBytes("ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func varint() throws(DamagedBytes) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 64 else { throw DamagedBytes("integer too long") }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A varint that counts something of which at most `limit` can be there.
    mutating func count(atMost limit: Int) throws(DamagedBytes) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else { throw DamagedBytes("count \(value) over \(limit)") }
        return Int(value)
    }

    mutating func zigzag() throws(DamagedBytes) -> Int64 { unzigzag(try varint()) }

    mutating func take(_ count: Int) throws(DamagedBytes) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else { throw DamagedBytes("ends early") }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }
}
