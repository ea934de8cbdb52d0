internal import Spans

extension AttributeValue {
    /// The fields of an `AnyValue` (opentelemetry/proto/common/v1/common.proto).
    func write(to writer: inout ProtobufWriter) {
        switch self {
        case .empty: break
        case .string(let text): writer.field(1, bytes: text.utf8)
        case .bool(let value): writer.field(2, varint: value ? 1 : 0)
        case .int(let value): writer.field(3, varint: UInt64(bitPattern: value))
        case .double(let value): writer.field(4, fixed64: value.bitPattern)
        case .bytes(let bytes): writer.field(7, bytes: bytes)
        case .array(let elements): writer.field(5) { Self.write(elements, to: &$0) }
        case .map(let entries): writer.field(6) { Self.write(entries, to: &$0) }
        }
    }

    /// The bytes of an `ArrayValue`.
    static func encoded(_ elements: [AttributeValue]) -> [UInt8] {
        var writer = ProtobufWriter()
        write(elements, to: &writer)
        return writer.bytes
    }

    /// The bytes of a `KeyValueList`.
    static func encoded(_ entries: [Entry]) -> [UInt8] {
        var writer = ProtobufWriter()
        write(entries, to: &writer)
        return writer.bytes
    }

    private static func write(_ elements: [AttributeValue], to writer: inout ProtobufWriter) {
        for element in elements { writer.field(1) { element.write(to: &$0) } }
    }

    private static func write(_ entries: [Entry], to writer: inout ProtobufWriter) {
        for entry in entries {
            writer.field(1) { pair in
                pair.field(1, bytes: entry.key.utf8)
                pair.field(2) { entry.value.write(to: &$0) }
            }
        }
    }

    /// The same value with whatever nests deeper than `levels` as JSON text; and how much that was.
    func flattened(below levels: Int) -> (value: AttributeValue, cut: Int) {
        switch self {
        case .array(let elements):
            if levels == 0 { return (.string(json), 1) }
            let parts = elements.map { $0.flattened(below: levels - 1) }
            return (.array(parts.map(\.value)), parts.reduce(0) { $0 + $1.cut })
        case .map(let entries):
            if levels == 0 { return (.string(json), 1) }
            var cut = 0
            let parts = entries.map { entry in
                let inner = entry.value.flattened(below: levels - 1)
                cut += inner.cut
                return Entry(key: entry.key, value: inner.value)
            }
            return (.map(parts), cut)
        default: return (self, 0)
        }
    }
}

/// Limits on nested values.
enum Nesting {
    /// Levels of arrays and maps that are kept as such; what is deeper becomes JSON text.
    static let keptMax = 64
    /// Deeper than this a request is refused.
    static let depthMax = 100
}
