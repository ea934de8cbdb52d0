internal import JSON
internal import Spans

/// JSON in attributes, as a tree.
enum JSONText {
    /// nil if the text is not JSON.
    static func parse(_ text: String) -> AttributeValue? {
        var text = text
        return text.withUTF8 { bytes in
            var cursor = JSONCursor(UnsafeRawBufferPointer(bytes))
            guard let value = try? value(&cursor), cursor.isAtEnd() else { return nil }
            return value
        }
    }

    /// The cursor bounds how deep this nests.
    private static func value(_ cursor: inout JSONCursor) throws(JSONError) -> AttributeValue {
        switch try cursor.kind() {
        case .null:
            try cursor.null()
            return .empty
        case .boolean: return .bool(try cursor.boolean())
        case .string: return .string(try cursor.string().decodedString)
        case .number:
            let number = try cursor.number()
            return number.int64.map { .int($0) } ?? .double(number.double)
        case .array:
            var elements: [AttributeValue] = []
            var isFirst = true
            try cursor.enterArray()
            while try cursor.nextElement(&isFirst) { elements.append(try value(&cursor)) }
            return .array(elements)
        case .object:
            var entries: [AttributeValue.Entry] = []
            var isFirst = true
            try cursor.enterObject()
            while let key = try cursor.nextKey(&isFirst) {
                entries.append(.init(key: key.decodedString, value: try value(&cursor)))
            }
            return .map(entries)
        }
    }
}
