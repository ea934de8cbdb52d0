internal import Spans

/// The distinct values of one coded column over several segments.
struct CodedUnion {
    private let type: ValueType
    private var values = ByteDictionary()
    private var elements = ByteDictionary()

    init(_ type: ValueType) { self.type = type }

    /// Adds those values of a column that `used` marks.
    ///
    /// - Returns: for each code of the column its code here; 0 for values that are not used.
    mutating func add(_ column: ColumnData, used: [Bool]) -> [UInt32] {
        var codes = [UInt32](repeating: 0, count: used.count)
        if type == .strings {
            for code in used.indices where used[code] {
                let list = column.lists[code].map { element in
                    column.strings.withValue(Int(element)) { elements.code(of: $0).littleEndian }
                }
                codes[code] = list.withUnsafeBytes { values.code(of: $0) }
            }
        } else {
            for code in used.indices where used[code] {
                codes[code] = column.strings.withValue(code) { values.code(of: $0) }
            }
        }
        return codes
    }

    /// Whether the values are long texts, which are kept apart.
    func holdsTexts(_ key: ColumnKey) -> Bool {
        ColumnCodec.holdsTexts(key, values: values.count, bytes: values.bytes.count)
    }

    /// Gives the values to the column as they came.
    func orderByFirstUse(_ column: inout ColumnData) {
        if type == .strings { column.strings = StringTable(elements) }
        var newCode = [UInt32](repeating: .max, count: values.count)
        for index in column.codes.indices {
            let code = Int(column.codes[index])
            if newCode[code] == .max {
                newCode[code] = UInt32(column.valueCount)
                values.withValue(code) { value in
                    if type == .strings {
                        column.lists.append(listCodes(value))
                    } else {
                        column.strings.append(value)
                    }
                }
            }
            column.codes[index] = newCode[code]
        }
    }

    /// Gives the values to the column in the order of their bytes, and lists in the order of their
    /// first use: what codes next to each other resemble each other compresses better.
    func orderByBytes(_ column: inout ColumnData) {
        guard type == .strings else {
            let (table, newCode) = Self.sorted(StringTable(values))
            column.strings = table
            for index in column.codes.indices {
                column.codes[index] = newCode[Int(column.codes[index])]
            }
            return
        }
        let (table, newElement) = Self.sorted(StringTable(elements))
        column.strings = table
        var newCode = [UInt32](repeating: .max, count: values.count)
        for index in column.codes.indices {
            let code = Int(column.codes[index])
            if newCode[code] == .max {
                newCode[code] = UInt32(column.lists.count)
                column.lists.append(
                    values.withValue(code) { listCodes($0) }.map { newElement[Int($0)] })
            }
            column.codes[index] = newCode[code]
        }
    }

    private static func sorted(_ table: StringTable) -> (StringTable, newCode: [UInt32]) {
        let order = table.sortedCodes()
        var sorted = StringTable()
        sorted.bytes.reserveCapacity(table.bytes.count)
        sorted.ends.reserveCapacity(table.count)
        var newCode = [UInt32](repeating: 0, count: table.count)
        for (new, old) in order.enumerated() {
            newCode[Int(old)] = UInt32(new)
            table.withValue(Int(old)) { sorted.append($0) }
        }
        return (sorted, newCode)
    }
}
