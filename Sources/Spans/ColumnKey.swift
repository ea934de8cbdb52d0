/// The five tables of a batch or segment. A span points into `resource` and `scope`, which hold each
/// distinct one once; events and links point back to the row of their span.
package enum Table: UInt8, Sendable, CaseIterable {
    case span = 0
    case resource = 1
    case scope = 2
    case event = 3
    case link = 4

    package var name: String {
        switch self {
        case .span: "span"
        case .resource: "resource"
        case .scope: "scope"
        case .event: "event"
        case .link: "link"
        }
    }
}

/// Where a column's values come from.
package enum ColumnOrigin: UInt8, Sendable {
    /// A field of the OTLP message itself (a span's name, an event's time).
    case field = 0
    /// An attribute, under the key that was sent.
    case attribute = 1
    /// Computed from the others by the mapping whose version the segment names; can be made anew.
    case derived = 2
}

/// The type of a column's values: the members of OTLP's `AnyValue`, arrays of strings apart.
///
/// A key that is sent with several types has a column for each.
package enum ValueType: UInt8, Sendable, CaseIterable {
    /// `AnyValue` without a member: the attribute is there, its value is not.
    case empty = 0
    case string = 1
    case bool = 2
    case int = 3
    case double = 4
    case bytes = 5
    /// An array whose elements are all strings; at least one.
    case strings = 6
    /// Any other array, as the bytes of an OTLP `ArrayValue`.
    case array = 7
    /// A map, as the bytes of an OTLP `KeyValueList`.
    case map = 8

    /// Values are codes of a dictionary rather than numbers.
    package var isCoded: Bool {
        switch self {
        case .string, .bytes, .strings, .array, .map: true
        case .empty, .bool, .int, .double: false
        }
    }

    package var name: String {
        switch self {
        case .empty: "empty"
        case .string: "string"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .bytes: "bytes"
        case .strings: "strings"
        case .array: "array"
        case .map: "map"
        }
    }
}

/// What identifies a column within a segment.
package struct ColumnKey: Hashable, Sendable {
    package var table: Table
    package var origin: ColumnOrigin
    package var name: String
    package var type: ValueType

    package init(_ table: Table, _ origin: ColumnOrigin, _ name: String, _ type: ValueType) {
        self.table = table
        self.origin = origin
        self.name = name
        self.type = type
    }
}
