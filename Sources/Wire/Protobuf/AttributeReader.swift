internal import Spans

/// Reads `KeyValue` messages straight into the columns of a table.
enum AttributeReader {
    /// Sets one attribute on the newest row of `table`.
    @inline(__always)
    static func read(
        _ pair: ProtobufCursor, into table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(WireError) {
        var pair = pair
        var key = pair.bytes(pair.offset..<pair.offset)
        var value: Range<Int>?
        while let tag = try pair.tag() {
            switch tag.raw {
            case 1 << 3 | 2: key = try pair.text()
            case 2 << 3 | 2: value = try pair.range()
            default: try pair.skip(tag)
            }
        }
        if UTF8Repair.isValid(key) {
            try set(key, pair, value, &table, &ledger)
        } else {
            var failure: WireError?
            UTF8Repair.repaired(Array(key)).withUnsafeBytes { key in
                ledger.count(.invalidUTF8, key: key)
                do throws(WireError) {
                    try set(key, pair, value, &table, &ledger)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }

    private static func set(
        _ key: UnsafeRawBufferPointer, _ pair: ProtobufCursor, _ value: Range<Int>?,
        _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(WireError) {
        guard let value else { return table.setEmpty(key) }
        var cursor = pair.message(value)
        var members = 0
        // Of several members the last is the value, as protobuf defines it.
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2:
                let text = try cursor.text()
                if UTF8Repair.isValid(text) {
                    table.set(key, .string, bytes: text)
                } else {
                    ledger.count(.invalidUTF8, key: key)
                    UTF8Repair.repaired(Array(text)).withUnsafeBytes {
                        table.set(key, .string, bytes: $0)
                    }
                }
            case 2 << 3: table.set(key, .bool, number: try cursor.varint() == 0 ? 0 : 1)
            case 3 << 3: table.set(key, .int, number: try cursor.varint())
            case 4 << 3 | 1: table.set(key, .double, number: try cursor.fixed64())
            case 5 << 3 | 2:
                try setArray(key, cursor.message(try cursor.range()), &table, &ledger)
            case 6 << 3 | 2:
                try setMap(key, cursor.message(try cursor.range()), &table, &ledger)
            case 7 << 3 | 2: table.set(key, .bytes, bytes: try cursor.text())
            default:
                try cursor.skip(tag)
                continue
            }
            members += 1
        }
        if members == 0 { table.setEmpty(key) }
        if members > 1 { ledger.count(.ambiguousValue, key: key) }
    }

    // MARK: Arrays and maps

    private static func setArray(
        _ key: UnsafeRawBufferPointer, _ array: ProtobufCursor, _ table: inout TableBuilder,
        _ ledger: inout Ledger
    ) throws(WireError) {
        if try isListOfStrings(array) {
            return try table.set(key) { (add) throws(WireError) in
                var cursor = array
                // Each is a string, as was seen just now.
                while try cursor.tag() != nil {
                    var element = cursor.message(try cursor.range())
                    _ = try element.tag()
                    add(try element.text())
                }
            }
        }
        var nested = NestedValue()
        try nested.check(array: array, level: 1)
        let bytes = array.bytes(array.offset..<array.end)
        if !nested.hasInvalidText, nested.depth <= Nesting.keptMax {
            return table.set(key, .array, bytes: bytes)
        }
        let tree = AttributeValue(arrayValue: bytes).flattened(below: Nesting.keptMax)
        count(nested, tree.cut, key, &ledger)
        if case .array(let elements) = tree.value {
            AttributeValue.encoded(elements).withUnsafeBytes { table.set(key, .array, bytes: $0) }
        }
    }

    private static func setMap(
        _ key: UnsafeRawBufferPointer, _ map: ProtobufCursor, _ table: inout TableBuilder,
        _ ledger: inout Ledger
    ) throws(WireError) {
        var nested = NestedValue()
        try nested.check(map: map, level: 1)
        let bytes = map.bytes(map.offset..<map.end)
        if !nested.hasInvalidText, nested.depth <= Nesting.keptMax {
            return table.set(key, .map, bytes: bytes)
        }
        let tree = AttributeValue(keyValueList: bytes).flattened(below: Nesting.keptMax)
        count(nested, tree.cut, key, &ledger)
        if case .map(let entries) = tree.value {
            AttributeValue.encoded(entries).withUnsafeBytes { table.set(key, .map, bytes: $0) }
        }
    }

    private static func count(
        _ nested: NestedValue, _ cut: Int, _ key: UnsafeRawBufferPointer, _ ledger: inout Ledger
    ) {
        if nested.hasInvalidText { ledger.count(.invalidUTF8, key: key) }
        ledger.count(.tooDeep, cut, key: key)
    }

    /// Whether an array is not empty and every element is a valid string and nothing else.
    private static func isListOfStrings(_ array: ProtobufCursor) throws(WireError) -> Bool {
        var cursor = array
        var isEmpty = true
        while let tag = try cursor.tag() {
            guard tag.raw == 1 << 3 | 2 else { return false }
            var element = cursor.message(try cursor.range())
            guard let inner = try element.tag(), inner.raw == 1 << 3 | 2 else { return false }
            let text = try element.text()
            guard element.offset == element.end, UTF8Repair.isValid(text) else { return false }
            isEmpty = false
        }
        return !isEmpty
    }
}
