internal import JSON
internal import Spans

/// Reads JSON values that are stored as they are: arrays and objects within attributes.
enum JSONTree {
    /// The next value as a tree; the cursor bounds its depth.
    static func value(
        _ cursor: inout JSONCursor, _ ledger: inout LedgerCounts
    ) throws(JSONError) -> AttributeValue {
        switch try cursor.kind() {
        case .null:
            try cursor.null()
            return .empty
        case .boolean: return .bool(try cursor.boolean())
        case .string: return .string(text(try cursor.string(), &ledger))
        case .number: return number(try cursor.number())
        case .array:
            var elements: [AttributeValue] = []
            var isFirst = true
            try cursor.enterArray()
            while try cursor.nextElement(&isFirst) {
                elements.append(try value(&cursor, &ledger))
            }
            return .array(elements)
        case .object:
            var entries: [AttributeValue.Entry] = []
            var isFirst = true
            try cursor.enterObject()
            while let key = try cursor.nextKey(&isFirst) {
                let name = text(key, &ledger)
                entries.append(.init(key: name, value: try value(&cursor, &ledger)))
            }
            return .map(entries)
        }
    }

    /// An integer if it is written as one and fits, else a double.
    static func number(_ number: JSONNumber) -> AttributeValue {
        number.int64.map { .int($0) } ?? .double(number.double)
    }

    static func text(_ string: JSONString, _ ledger: inout LedgerCounts) -> String {
        var scratch: [UInt8] = []
        return string.withBytes(&scratch) { bytes, isRepaired in
            if isRepaired { ledger.count(.invalidUTF8) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

extension TableBuilder {
    /// Sets an attribute of the newest row to a value in memory.
    mutating func set(
        _ key: UnsafeRawBufferPointer, _ value: AttributeValue, _ ledger: inout LedgerCounts
    ) {
        switch value {
        case .empty: setEmpty(key)
        case .string(var text):
            text.withUTF8 { set(key, .string, bytes: UnsafeRawBufferPointer($0)) }
        case .bool(let flag): set(key, .bool, number: flag ? 1 : 0)
        case .int(let number): set(key, .int, number: UInt64(bitPattern: number))
        case .double(let number): set(key, .double, number: number.bitPattern)
        case .bytes(let bytes): bytes.withUnsafeBytes { set(key, .bytes, bytes: $0) }
        case .array(let elements): setArray(key, elements, &ledger)
        case .map(let entries):
            let kept = AttributeValue.map(entries).flattened(below: Nesting.keptMax)
            ledger.count(.tooDeep, kept.cut)
            if case .map(let entries) = kept.value {
                AttributeValue.encoded(entries).withUnsafeBytes { set(key, .map, bytes: $0) }
            }
        }
    }

    private mutating func setArray(
        _ key: UnsafeRawBufferPointer, _ elements: [AttributeValue], _ ledger: inout LedgerCounts
    ) {
        let texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
        if texts.count == elements.count, !texts.isEmpty {
            return set(key) { add in
                for var text in texts { text.withUTF8 { add(UnsafeRawBufferPointer($0)) } }
            }
        }
        let kept = AttributeValue.array(elements).flattened(below: Nesting.keptMax)
        ledger.count(.tooDeep, kept.cut)
        if case .array(let elements) = kept.value {
            AttributeValue.encoded(elements).withUnsafeBytes { set(key, .array, bytes: $0) }
        }
    }
}
