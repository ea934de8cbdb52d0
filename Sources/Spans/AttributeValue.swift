/// An OTLP `AnyValue` as a tree: for the few places that look inside arrays and maps. Batches and
/// segments hold them as the bytes of their protobuf encoding.
package indirect enum AttributeValue: Hashable, Sendable {
    case empty
    case string(String)
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case bytes([UInt8])
    case array([AttributeValue])
    case map([Entry])

    package struct Entry: Hashable, Sendable {
        package var key: String
        package var value: AttributeValue

        package init(key: String, value: AttributeValue) {
            self.key = key
            self.value = value
        }
    }

    /// Values nested deeper than this are read as empty; readers of the wire keep no deeper ones.
    package static let depthMax = 100

    /// Reads the bytes of an `ArrayValue`. What does not decode ends the array.
    package init(arrayValue bytes: UnsafeRawBufferPointer) {
        self = Self.array(bytes, depth: 0)
    }

    /// Reads the bytes of a `KeyValueList`. What does not decode ends the map.
    package init(keyValueList bytes: UnsafeRawBufferPointer) {
        self = Self.map(bytes, depth: 0)
    }

    private static func array(_ bytes: UnsafeRawBufferPointer, depth: Int) -> AttributeValue {
        var elements: [AttributeValue] = []
        var fields = ProtobufFields(bytes)
        while let field = fields.next() {
            if field.number == 1, let bytes = field.bytes {
                elements.append(value(bytes, depth: depth + 1))
            }
        }
        return .array(elements)
    }

    private static func map(_ bytes: UnsafeRawBufferPointer, depth: Int) -> AttributeValue {
        var entries: [Entry] = []
        var fields = ProtobufFields(bytes)
        while let field = fields.next() {
            guard field.number == 1, let pair = field.bytes else { continue }
            var entry = Entry(key: "", value: .empty)
            var pairFields = ProtobufFields(pair)
            while let field = pairFields.next() {
                guard let bytes = field.bytes else { continue }
                if field.number == 1 {
                    entry.key = String(decoding: bytes, as: UTF8.self)
                } else if field.number == 2 {
                    entry.value = value(bytes, depth: depth + 1)
                }
            }
            entries.append(entry)
        }
        return .map(entries)
    }

    private static func value(_ bytes: UnsafeRawBufferPointer, depth: Int) -> AttributeValue {
        guard depth <= depthMax else { return .empty }
        var result = AttributeValue.empty
        var fields = ProtobufFields(bytes)
        while let field = fields.next() {
            switch (field.number, field.content) {
            case (1, .bytes(let text)): result = .string(String(decoding: text, as: UTF8.self))
            case (2, .varint(let value)): result = .bool(value != 0)
            case (3, .varint(let value)): result = .int(Int64(bitPattern: value))
            case (4, .fixed64(let value)): result = .double(Double(bitPattern: value))
            case (5, .bytes(let inner)): result = array(inner, depth: depth)
            case (6, .bytes(let inner)): result = map(inner, depth: depth)
            case (7, .bytes(let bytes)): result = .bytes(Array(bytes))
            default: break
            }
        }
        return result
    }
}

/// The fields of a protobuf message, one by one; stops at what is malformed.
private struct ProtobufFields {
    enum Content {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    struct Field {
        let number: UInt64
        let content: Content

        var bytes: UnsafeRawBufferPointer? {
            if case .bytes(let bytes) = content { bytes } else { nil }
        }
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> Field? {
        guard position < bytes.count, let tag = varint() else { return nil }
        switch tag & 7 {
        case 0: return varint().map { Field(number: tag >> 3, content: .varint($0)) }
        case 1:
            guard bytes.count - position >= 8 else { return nil }
            defer { position += 8 }
            let value = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            return Field(number: tag >> 3, content: .fixed64(UInt64(littleEndian: value)))
        case 2:
            guard let length = varint(), length <= UInt64(bytes.count - position) else {
                return nil
            }
            defer { position += Int(length) }
            let range = position..<position + Int(length)
            return Field(
                number: tag >> 3, content: .bytes(UnsafeRawBufferPointer(rebasing: bytes[range])))
        case 5:
            guard bytes.count - position >= 4 else { return nil }
            defer { position += 4 }
            let value = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
            return Field(number: tag >> 3, content: .fixed32(UInt32(littleEndian: value)))
        default: return nil
        }
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
