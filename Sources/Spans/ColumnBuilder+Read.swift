extension ColumnBuilder {
    /// The index of a row's value; nil if it has none.
    package func index(of row: Int) -> Int? {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < UInt32(row) { low = middle + 1 } else { high = middle }
        }
        return low < rows.count && rows[low] == UInt32(row) ? low : nil
    }

    /// A row's value as a tree; nil if it has none.
    package func value(of row: Int) -> AttributeValue? {
        index(of: row).map(value(at:))
    }

    /// The value of an entry, by its place among `rows`.
    package func value(at index: Int) -> AttributeValue {
        switch key.type {
        case .empty: return .empty
        case .bool: return .bool(numbers[index] != 0)
        case .int: return .int(Int64(bitPattern: numbers[index]))
        case .double: return .double(Double(bitPattern: numbers[index]))
        case .string: return .string(dictionary.string(Int(codes[index])))
        case .bytes: return .bytes(dictionary.withValue(Int(codes[index])) { Array($0) })
        case .array:
            return dictionary.withValue(Int(codes[index])) { AttributeValue(arrayValue: $0) }
        case .map:
            return dictionary.withValue(Int(codes[index])) { AttributeValue(keyValueList: $0) }
        case .strings:
            let list = dictionary.withValue(Int(codes[index])) { listCodes($0) }
            return .array(list.map { .string(elements.string(Int($0))) })
        }
    }

    /// The bytes of a row's coded value; none if it has none.
    package func bytes(of row: Int) -> [UInt8] {
        index(of: row).map { dictionary.withValue(Int(codes[$0])) { Array($0) } } ?? []
    }
}

extension TableBuilder {
    /// A numeric field of a row; 0 if it was not set.
    package func number<F: TableField>(_ field: F, _ row: Int) -> UInt64 {
        let column = columns[field.rawValue]
        return column.index(of: row).map { column.numbers[$0] } ?? 0
    }

    /// A text or bytes field of a row; empty if it was not set.
    package func bytes<F: TableField>(_ field: F, _ row: Int) -> [UInt8] {
        columns[field.rawValue].bytes(of: row)
    }

    package func text<F: TableField>(_ field: F, _ row: Int) -> String {
        String(decoding: bytes(field, row), as: UTF8.self)
    }

    /// The attributes of a row, sorted by key: the order of columns changes when segments are merged, and
    /// answers are not to.
    package func attributes(_ row: Int) -> [AttributeValue.Entry] {
        SortedAttributes(self).entries(row)
    }
}

/// The attributes of a table's rows, sorted by key once for all of them.
package struct SortedAttributes: Sendable {
    private let columns: [ColumnBuilder]

    package init(_ table: TableBuilder) {
        columns = table.columns.filter { $0.key.origin == .attribute }
            .sorted { $0.key.name < $1.key.name }
    }

    package func entries(_ row: Int) -> [AttributeValue.Entry] {
        columns.compactMap { column in
            column.value(of: row).map { AttributeValue.Entry(key: column.key.name, value: $0) }
        }
    }
}

extension SpanBatch {
    /// The rows of the events or links of each span.
    package func children<F: TableField>(_ field: F, of table: TableBuilder) -> [Int: [Int]] {
        var children: [Int: [Int]] = [:]
        for row in 0..<table.rowCount {
            children[Int(table.number(field, row)), default: []].append(row)
        }
        return children
    }
}
