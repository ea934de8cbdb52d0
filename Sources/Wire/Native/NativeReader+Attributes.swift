internal import JSON
internal import Spans

extension NativeReader {
    /// Sets the value at the cursor as an attribute of the newest row, under its key or, within a nested
    /// object, its dotted path. Null is absent, and so is an empty object.
    mutating func attribute(
        _ key: JSONString, _ table: inout TableBuilder, _ ledger: inout LedgerCounts
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .object: try flatten(key, &table, &ledger)
        case .string:
            let text = try cursor.string()
            key.withBytes(&keyScratch) { key, _ in
                Self.withPath(path, key) { key in
                    text.withBytes(&scratch) { bytes, isRepaired in
                        if isRepaired { ledger.count(.invalidUTF8) }
                        table.set(key, .string, bytes: bytes)
                    }
                }
            }
        case .boolean:
            let flag = try cursor.boolean()
            withKey(key) { table.set($0, .bool, number: flag ? 1 : 0) }
        case .number:
            let number = try cursor.number()
            withKey(key) { key in
                if let integer = number.int64 {
                    table.set(key, .int, number: UInt64(bitPattern: integer))
                } else {
                    table.set(key, .double, number: number.double.bitPattern)
                }
            }
        case .array:
            if try setTexts(key, &table) { return }
            let value = try JSONTree.value(&cursor, &ledger)
            withKey(key) { table.set($0, value, &ledger) }
        }
    }

    /// The usual list: nothing but strings. False, and nothing read, if it is another.
    private mutating func setTexts(
        _ key: JSONString, _ table: inout TableBuilder
    ) throws(JSONError) -> Bool {
        let start = cursor
        var texts: [JSONString] = []
        var isFirst = true
        try cursor.enterArray()
        while try cursor.nextElement(&isFirst) {
            guard try cursor.kind() == .string else {
                cursor = start
                return false
            }
            texts.append(try cursor.string())
        }
        if texts.isEmpty {
            cursor = start
            return false
        }
        var scratch: [UInt8] = []
        withKey(key) { key in
            table.set(key) { add in
                for text in texts { text.withBytes(&scratch) { bytes, _ in add(bytes) } }
            }
        }
        return true
    }

    private mutating func flatten(
        _ key: JSONString, _ table: inout TableBuilder, _ ledger: inout LedgerCounts
    ) throws(JSONError) {
        let outer = path.count
        if pathLevels >= Nesting.keptMax {
            // Deeper than what is kept as attributes: the rest is one text.
            let raw = try cursor.rawValue()
            ledger.count(.tooDeep)
            withKey(key) { table.set($0, .string, bytes: raw) }
            return
        }
        let name = key.decodedString
        path.append(contentsOf: name.utf8)
        path.append(UInt8(ascii: "."))
        pathLevels += 1
        var isFirst = true
        try cursor.enterObject()
        while let inner = try cursor.nextKey(&isFirst) { try attribute(inner, &table, &ledger) }
        path.removeLast(path.count - outer)
        pathLevels -= 1
    }

    /// Calls `body` with the key behind the path of what is being flattened.
    @inline(__always)
    private mutating func withKey(_ key: JSONString, _ body: (UnsafeRawBufferPointer) -> Void) {
        let path = path
        key.withBytes(&keyScratch) { key, _ in Self.withPath(path, key, body) }
    }

    @inline(__always)
    private static func withPath(
        _ path: [UInt8], _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        if path.isEmpty { body(key) } else { (path + Array(key)).withUnsafeBytes(body) }
    }
}
