internal import Spans
internal import Store

/// A value with an inside: a map or array as OTLP sends them, or JSON in a string, as most SDKs do.
struct StructuredValue {
    private let tree: AttributeValue

    /// Texts longer than this are not looked into.
    static let bytesMax = 1 << 20

    /// nil if there is no inside to look at.
    init?(_ value: GroupValue) {
        let text: String
        switch value {
        case .text(let value), .json(let value): text = value
        default: return nil
        }
        guard text.utf8.count <= Self.bytesMax, let tree = JSONText.parse(text) else { return nil }
        self.init(tree)
    }

    private init(_ tree: AttributeValue) { self.tree = tree }

    /// The values at a path; `*` goes into each element of an array. A single value stands for an array
    /// of one.
    func values(at path: ArraySlice<String>) -> [GroupValue] {
        guard let step = path.first else {
            if case .array(let elements) = tree { return elements.map(Self.plain) }
            return [Self.plain(tree)]
        }
        switch (step, tree) {
        case ("*", .array(let elements)):
            return elements.flatMap { StructuredValue($0).values(at: path.dropFirst()) }
        case ("*", _): return values(at: path.dropFirst())
        case (_, .map(let entries)):
            // The last of two equal keys wins, as everywhere.
            return entries.last { $0.key == step }.map {
                StructuredValue($0.value).values(at: path.dropFirst())
            } ?? []
        // A list of strings that hold JSON each.
        case (_, .string(let text)):
            return JSONText.parse(text).map { tree in
                if case .map = tree { StructuredValue(tree).values(at: path) } else { [] }
            } ?? []
        default: return []
        }
    }

    /// The sum of an object's members `name` and `name_…`; nil if it has none.
    func sum(_ name: String) -> Double? {
        guard case .map(let entries) = tree else { return nil }
        let numbers = entries.filter { $0.key == name || $0.key.hasPrefix(name + "_") }
            .compactMap { Self.plain($0.value).asNumber?.number }
        return numbers.isEmpty ? nil : numbers.reduce(0, +)
    }

    /// Text that is a JSON string is what it quotes, at most twice.
    static func unwrapped(_ text: String) -> GroupValue {
        var text = text
        for _ in 0..<2 {
            guard text.utf8.first == UInt8(ascii: "\""),
                case .string(let inner)? = JSONText.parse(text)
            else { break }
            text = inner
        }
        return .text(text)
    }

    private static func plain(_ value: AttributeValue) -> GroupValue {
        switch value {
        case .empty: .null
        case .string(let text): .text(text)
        case .bool(let value): .boolean(value)
        case .int(let value): .integer(value)
        case .double(let value): .double(value)
        case .bytes(let bytes): .bytes(bytes)
        case .array, .map: .json(value.json)
        }
    }
}
