/// One table of a batch while it grows, column by column.
///
/// Rows are added in order; values are set on the newest row. Finding an attribute's column is the
/// hottest step of reading spans: since spans of one kind send the same keys in the same order, the
/// column that followed last time is tried before the key is hashed.
package struct TableBuilder: Sendable {
    package let table: Table
    package private(set) var rowCount = 0
    /// The fields' columns first, in the order of their enumeration, then attributes as they came.
    package private(set) var columns: [ColumnBuilder] = []
    /// Attributes that replaced an earlier one of the same key on the same row.
    package private(set) var duplicateKeys = 0
    /// The keys of those that `takeRepeatedKeys` has not taken.
    private var repeatedKeys: [UInt32] = []

    private let fieldCount: Int
    private var keys = ByteDictionary()
    /// For each key, `ValueType` by `ValueType`: its column + 1, or 0.
    private var columnOfKey: [Int32] = []
    private var keyOfColumn: [UInt32]
    /// For each column the one that was set after it last time.
    private var successor: [Int32]
    private var previous: Int32 = 0
    /// For each key the row and column that were set last, to notice a repeated key.
    private var lastSet: [(row: Int32, column: Int32)] = []
    /// The list that is being set: one for all rows, so that each need not be allocated.
    private var list: [UInt32] = []

    package init<F: TableField>(_ fields: F.Type) {
        table = F.table
        columns = F.allCases.map { ColumnBuilder(ColumnKey(F.table, .field, $0.name, $0.type)) }
        fieldCount = columns.count
        keyOfColumn = [UInt32](repeating: 0, count: fieldCount)
        successor = [Int32](repeating: -1, count: fieldCount)
    }

    /// Starts a row; values set from now on belong to it.
    @discardableResult
    package mutating func beginRow() -> Int {
        rowCount += 1
        previous = 0
        return rowCount - 1
    }

    /// Takes the newest row back with all its values.
    package mutating func removeLastRow() {
        rowCount -= 1
        for index in columns.indices where columns[index].lastRow == UInt32(rowCount) {
            columns[index].removeLast()
        }
        for key in lastSet.indices where lastSet[key].row == Int32(rowCount) {
            lastSet[key].row = -1
        }
    }

    package mutating func reserveRows(_ count: Int) {
        for index in columns.indices where columns[index].rows.count == rowCount {
            columns[index].reserve(rowCount + count)
        }
    }

    // MARK: Fields

    /// Sets a numeric field; setting it again replaces it.
    package mutating func set<F: TableField>(_ field: F, _ number: UInt64) {
        set(field: field.rawValue, number)
    }

    /// Sets a text or bytes field; setting it again replaces it.
    package mutating func set<F: TableField>(_ field: F, _ bytes: UnsafeRawBufferPointer) {
        set(field: field.rawValue, bytes)
    }

    /// Sets a numeric field, by its place in the table's enumeration.
    package mutating func set(field: Int, _ number: UInt64) {
        replaceField(field)
        columns[field].append(number: number, row: row)
    }

    /// Sets a text or bytes field, by its place in the table's enumeration.
    package mutating func set(field: Int, _ bytes: UnsafeRawBufferPointer) {
        replaceField(field)
        columns[field].append(bytes: bytes, row: row)
    }

    private mutating func replaceField(_ index: Int) {
        if columns[index].lastRow == row { columns[index].removeLast() }
    }

    // MARK: Attributes

    package mutating func setEmpty(_ key: UnsafeRawBufferPointer) {
        let index = column(key, .empty)
        columns[index].appendPresence(row: row)
    }

    /// Sets an attribute of type `int`, `double` or `bool` to the bit pattern of its value.
    package mutating func set(_ key: UnsafeRawBufferPointer, _ type: ValueType, number: UInt64) {
        let index = column(key, type)
        columns[index].append(number: number, row: row)
    }

    /// Sets an attribute of type `string` or `bytes`, or an `array` or `map` by its encoding.
    package mutating func set(
        _ key: UnsafeRawBufferPointer, _ type: ValueType, bytes: UnsafeRawBufferPointer
    ) {
        let index = column(key, type)
        columns[index].append(bytes: bytes, row: row)
    }

    /// Sets an attribute to a list of strings. `elements` calls back with each element in order.
    package mutating func set<Failure: Error>(
        _ key: UnsafeRawBufferPointer,
        strings elements: ((UnsafeRawBufferPointer) -> Void) throws(Failure) -> Void
    ) throws(Failure) {
        let index = column(key, .strings)
        list.removeAll(keepingCapacity: true)
        try elements { list.append(columns[index].elements.code(of: $0).littleEndian) }
        let (codes, row) = (list, row)
        codes.withUnsafeBytes { columns[index].append(bytes: $0, row: row) }
    }

    private var row: UInt32 { UInt32(rowCount - 1) }

    /// The column for a key and type, made if it is new. Takes back what the row had under this key.
    private mutating func column(_ key: UnsafeRawBufferPointer, _ type: ValueType) -> Int {
        let predicted = Int(successor[Int(previous)])
        let index: Int
        if predicted >= 0, columns[predicted].key.type == type,
            keys.equals(Int(keyOfColumn[predicted]), key)
        {
            index = predicted
        } else {
            index = lookUp(key, type)
            successor[Int(previous)] = Int32(index)
        }
        previous = Int32(index)
        let code = Int(keyOfColumn[index])
        if lastSet[code].row == Int32(row) {
            columns[Int(lastSet[code].column)].removeLast()
            duplicateKeys += 1
            repeatedKeys.append(UInt32(code))
        }
        lastSet[code] = (Int32(row), Int32(index))
        return index
    }

    private mutating func lookUp(_ key: UnsafeRawBufferPointer, _ type: ValueType) -> Int {
        let code = Int(keys.code(of: key))
        if code == lastSet.count {
            lastSet.append((-1, -1))
            columnOfKey.append(contentsOf: repeatElement(0, count: ValueType.allCases.count))
        }
        let slot = code * ValueType.allCases.count + Int(type.rawValue)
        if columnOfKey[slot] != 0 { return Int(columnOfKey[slot]) - 1 }
        columns.append(ColumnBuilder(ColumnKey(table, .attribute, keys.string(code), type)))
        keyOfColumn.append(UInt32(code))
        successor.append(-1)
        columnOfKey[slot] = Int32(columns.count)
        return columns.count - 1
    }

    // MARK: Repeated keys

    package var hasRepeatedKeys: Bool { !repeatedKeys.isEmpty }

    /// Adds how often each key came again on a row that had it, since the last time.
    package mutating func takeRepeatedKeys(_ counts: inout [String: Int]) {
        for code in repeatedKeys { counts[keys.string(Int(code)), default: 0] += 1 }
        repeatedKeys.removeAll(keepingCapacity: true)
    }

    // MARK: Joining

    /// Appends all rows of `other`. `rowFields` name fields whose numbers are rows of another table,
    /// each with what to add to them.
    package mutating func append(_ other: TableBuilder, shifting rowFields: [Int: Int] = [:]) {
        let base = UInt32(rowCount)
        for (index, column) in other.columns.enumerated() where !column.rows.isEmpty {
            let target: Int
            if index < fieldCount {
                target = index
            } else {
                target = other.keys.withValue(Int(other.keyOfColumn[index])) {
                    lookUp($0, column.key.type)
                }
            }
            columns[target].append(column, rowBase: base, adding: rowFields[index] ?? 0)
        }
        rowCount += other.rowCount
        duplicateKeys += other.duplicateKeys
    }
}
