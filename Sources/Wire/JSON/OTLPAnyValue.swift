internal import JSON
internal import Spans

/// Reads an `AnyValue` of OTLP/JSON: `{"stringValue":"x"}` and so on, in either spelling of its keys.
enum OTLPAnyValue {
    /// Reads the value at the cursor. Of several members the first that is known counts.
    static func read(
        _ cursor: inout JSONCursor, _ ledger: inout LedgerCounts
    ) throws(JSONError) -> AttributeValue {
        guard try cursor.kind() == .object else {
            try skipNull(&cursor, "an object such as {\"stringValue\":\"x\"}")
            return .empty
        }
        var value: AttributeValue?
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if try cursor.kind() == .null {
                try cursor.null()
                continue
            }
            let before = cursor.offset
            guard let found = try member(key, &cursor, &ledger) else {
                cursor.goBack(to: before)
                try cursor.skip()
                continue
            }
            if value == nil { value = found } else { ledger.count(.ambiguousValue) }
        }
        return value ?? .empty
    }

    private static func member(
        _ key: JSONString, _ cursor: inout JSONCursor, _ ledger: inout LedgerCounts
    ) throws(JSONError) -> AttributeValue? {
        if key.isNamed("stringValue", "string_value") {
            return .string(JSONTree.text(try cursor.string(), &ledger))
        }
        if key.isNamed("intValue", "int_value") { return try integer(&cursor) }
        if key.isNamed("doubleValue", "double_value") { return .double(try double(&cursor)) }
        if key.isNamed("boolValue", "bool_value") { return .bool(try cursor.boolean()) }
        if key.isNamed("bytesValue", "bytes_value") { return .bytes(try bytes(&cursor)) }
        if key.isNamed("arrayValue", "array_value") {
            return .array(
                try values(&cursor) { cursor throws(JSONError) in try read(&cursor, &ledger) })
        }
        if key.isNamed("kvlistValue", "kvlist_value") {
            return .map(
                try values(&cursor) { cursor throws(JSONError) in try entry(&cursor, &ledger) })
        }
        return nil
    }

    /// The elements of `{"values":[…]}`; a repeated key does not merge, the last wins.
    private static func values<T>(
        _ cursor: inout JSONCursor, _ element: (inout JSONCursor) throws(JSONError) -> T
    ) throws(JSONError) -> [T] {
        var values: [T] = []
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            guard key.equals("values"), try cursor.kind() == .array else {
                try cursor.skip()
                continue
            }
            values = []
            var isFirstElement = true
            try cursor.enterArray()
            while try cursor.nextElement(&isFirstElement) { values.append(try element(&cursor)) }
        }
        return values
    }

    private static func entry(
        _ cursor: inout JSONCursor, _ ledger: inout LedgerCounts
    ) throws(JSONError) -> AttributeValue.Entry {
        var entry = AttributeValue.Entry(key: "", value: .empty)
        var isFirst = true
        try cursor.enterObject()
        while let key = try cursor.nextKey(&isFirst) {
            if key.equals("key"), try cursor.kind() == .string {
                entry.key = JSONTree.text(try cursor.string(), &ledger)
            } else if key.equals("value") {
                entry.value = try read(&cursor, &ledger)
            } else {
                try cursor.skip()
            }
        }
        return entry
    }

    // MARK: Scalars

    /// A number, or one in quotes. Beyond 64 bits it becomes a double: JavaScript sends 1e21 so.
    private static func integer(_ cursor: inout JSONCursor) throws(JSONError) -> AttributeValue {
        if try cursor.kind() == .string {
            let text = try cursor.string().decodedString
            if let value = JSONNumber.inText(text, \.integralValue) { return .int(value) }
            guard let value = Double(text) else { throw cursor.error("expected an integer") }
            return .double(value)
        }
        let number = try cursor.number()
        return number.integralValue.map { .int($0) } ?? .double(number.double)
    }

    private static func double(_ cursor: inout JSONCursor) throws(JSONError) -> Double {
        guard try cursor.kind() == .string else { return try cursor.number().double }
        switch try cursor.string().decodedString {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        case let text:
            guard let value = Double(text) else { throw cursor.error("expected a number") }
            return value
        }
    }

    private static func bytes(_ cursor: inout JSONCursor) throws(JSONError) -> [UInt8] {
        var scratch: [UInt8] = []
        let string = try cursor.string()
        guard let bytes = string.withBytes(&scratch, { bytes, _ in Base64.decode(bytes) }) else {
            throw cursor.error("expected base64")
        }
        return bytes
    }

    /// Null stands for an absent value everywhere.
    static func skipNull(_ cursor: inout JSONCursor, _ expected: String) throws(JSONError) {
        guard try cursor.kind() == .null else { throw cursor.error("expected \(expected)") }
        try cursor.null()
    }
}

extension JSONString {
    /// Whether it is a field's name, as JSON spells it or as the .proto file does.
    func isNamed(_ camel: StaticString, _ snake: StaticString) -> Bool {
        equals(camel) || equals(snake)
    }
}
