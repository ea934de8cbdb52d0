/// Reads a protobuf message field by field, in place, within its bounds
/// (protobuf.dev/programming-guides/encoding).
struct ProtobufCursor {
    private let base: UnsafeRawPointer
    private static let nothing: StaticString = ""
    private(set) var offset: Int
    let end: Int

    init(_ bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; nothing is read from this one.
        base = bytes.baseAddress ?? UnsafeRawPointer(Self.nothing.utf8Start)
        offset = 0
        end = bytes.count
    }

    private init(_ base: UnsafeRawPointer, _ range: Range<Int>) {
        self.base = base
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The message within a range of the same bytes: offsets stay those of the whole body.
    func message(_ range: Range<Int>) -> ProtobufCursor { ProtobufCursor(base, range) }

    @inline(__always)
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }

    struct Tag {
        let raw: UInt64
        @inline(__always) var field: Int { Int(raw >> 3) }
        @inline(__always) var wireType: Int { Int(raw & 7) }
    }

    /// The next field's number and wire type; nil at the end.
    @inline(__always)
    mutating func tag() throws(WireError) -> Tag? {
        if offset == end { return nil }
        let raw = try varint()
        // Field numbers have 29 bits; 0 is none.
        if raw < 8 || raw > 0xFFFF_FFFF { throw error("an invalid field number") }
        return Tag(raw: raw)
    }

    @inline(__always)
    mutating func varint() throws(WireError) -> UInt64 {
        if offset < end {
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            if byte < 0x80 {
                offset += 1
                return UInt64(byte)
            }
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            guard offset < end else { throw error("the message ends within a number") }
            let byte = base.load(fromByteOffset: offset, as: UInt8.self)
            offset += 1
            // What exceeds 64 bits is dropped, as protobuf's own decoders do.
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw error("a number of more than ten bytes")
    }

    mutating func fixed64() throws(WireError) -> UInt64 {
        guard end - offset >= 8 else { throw error("the message ends within a number") }
        defer { offset += 8 }
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    mutating func fixed32() throws(WireError) -> UInt32 {
        guard end - offset >= 4 else { throw error("the message ends within a number") }
        defer { offset += 4 }
        return UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Where the bytes of a string, bytes or message field lie.
    @inline(__always)
    mutating func range() throws(WireError) -> Range<Int> {
        let length = try varint()
        guard length <= UInt64(end - offset) else { throw error("a length beyond the end") }
        let start = offset
        offset += Int(length)
        return start..<offset
    }

    mutating func text() throws(WireError) -> UnsafeRawBufferPointer { bytes(try range()) }

    /// Passes over a field that is not known. Groups, which no OTLP message has, may nest in it.
    mutating func skip(_ tag: Tag) throws(WireError) {
        var open: [Int] = []
        var tag = tag
        while true {
            switch tag.wireType {
            case 0: _ = try varint()
            case 1: _ = try fixed64()
            case 2: _ = try range()
            case 3:
                if open.count == 100 { throw .tooDeep(limit: 100, offset: offset) }
                open.append(tag.field)
            case 4:
                guard open.popLast() == tag.field else {
                    throw error("a group's end without a start")
                }
            case 5: _ = try fixed32()
            default: throw error("an unknown wire type")
            }
            if open.isEmpty { return }
            guard let inner = try self.tag() else { throw error("the message ends within a group") }
            tag = inner
        }
    }

    func error(_ message: String) -> WireError { .malformed(message: message, offset: offset) }
}
