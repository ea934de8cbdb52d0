internal import Spans
internal import Store

extension ColumnData {
    /// A number of this column as a value.
    func number(_ pattern: UInt64) -> GroupValue {
        switch key.type {
        case .bool: .boolean(pattern != 0)
        case .double: .double(Double(bitPattern: pattern))
        default: .integer(Int64(bitPattern: pattern))
        }
    }

    /// A list of this column as JSON.
    func listJSON(_ code: Int) -> String {
        if key.type == .array {
            return strings.withValue(code) { AttributeValue(arrayValue: $0).json }
        }
        return AttributeValue.array(lists[code].map { .string(strings.string(Int($0))) }).json
    }

    /// A coded value of this column (not of a list of strings).
    func value(_ code: Int) -> GroupValue {
        switch key.type {
        case .string: .text(strings.string(code))
        case .bytes: .bytes(strings.withValue(code) { Array($0) })
        case .array: .json(strings.withValue(code) { AttributeValue(arrayValue: $0).json })
        case .map: .json(strings.withValue(code) { AttributeValue(keyValueList: $0).json })
        default: .null
        }
    }
}

extension GroupValue {
    init(_ value: AttributeValue) {
        self =
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
