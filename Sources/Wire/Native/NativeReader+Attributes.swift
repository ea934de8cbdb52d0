internal import JSON
internal import Spans

extension NativeReader {
    /// Sets the value at the cursor as an attribute of the newest row, under its key or, within a nested
    /// object, its dotted path. Null is absent, and so is an empty object.
    mutating func attribute(
        _ key: JSONString, _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .object: try flatten(key, &table, &ledger)
        case .string:
            let text = try cursor.string()
            key.withBytes(&keyScratch) { key, isKeyRepaired in
                Self.withPath(path, key) { key in
                    if isKeyRepaired { ledger.count(.invalidUTF8, key: key) }
                    text.withBytes(&scratch) { bytes, isRepaired in
                        if isRepaired { ledger.count(.invalidUTF8, key: key) }
                        table.set(key, .string, bytes: bytes)
                    }
                }
            }
        case .boolean:
            let flag = try cursor.boolean()
            withKey(key, &ledger) { key, _ in table.set(key, .bool, number: flag ? 1 : 0) }
        case .number:
            let number = try cursor.number()
            withKey(key, &ledger) { key, _ in
                if let integer = number.int64 {
                    table.set(key, .int, number: UInt64(bitPattern: integer))
                } else {
                    table.set(key, .double, number: number.double.bitPattern)
                }
            }
        case .array:
            if try setTexts(key, &table, &ledger) { return }
            var odd = LedgerCounts()
            let value = try JSONTree.value(&cursor, &odd)
            withKey(key, &ledger) { key, ledger in
                table.set(key, value, &odd)
                ledger.count(odd, key: key)
            }
        }
    }

    /// The usual list: nothing but strings. False, and nothing read, if it is another.
    private mutating func setTexts(
        _ key: JSONString, _ table: inout TableBuilder, _ ledger: inout Ledger
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
        withKey(key, &ledger) { key, ledger in
            var repaired = 0
            table.set(key) { add in
                for text in texts {
                    text.withBytes(&scratch) { bytes, isRepaired in
                        if isRepaired { repaired += 1 }
                        add(bytes)
                    }
                }
            }
            ledger.count(.invalidUTF8, repaired, key: key)
        }
        return true
    }

    private mutating func flatten(
        _ key: JSONString, _ table: inout TableBuilder, _ ledger: inout Ledger
    ) throws(JSONError) {
        let outer = path.count
        if pathLevels >= Nesting.keptMax {
            // Deeper than what is kept as attributes: the rest is one text.
            let raw = try cursor.rawValue()
            withKey(key, &ledger) { key, ledger in
                ledger.count(.tooDeep, key: key)
                table.set(key, .string, bytes: raw)
            }
            return
        }
        key.withBytes(&keyScratch) { key, isRepaired in
            path.append(contentsOf: key)
            if isRepaired { path.withUnsafeBytes { ledger.count(.invalidUTF8, key: $0) } }
        }
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
    private mutating func withKey(
        _ key: JSONString, _ ledger: inout Ledger,
        _ body: (UnsafeRawBufferPointer, inout Ledger) -> Void
    ) {
        let path = path
        key.withBytes(&keyScratch) { key, isRepaired in
            Self.withPath(path, key) { key in
                if isRepaired { ledger.count(.invalidUTF8, key: key) }
                body(key, &ledger)
            }
        }
    }

    @inline(__always)
    private static func withPath(
        _ path: [UInt8], _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        if path.isEmpty { body(key) } else { (path + Array(key)).withUnsafeBytes(body) }
    }
}
