extension ColumnBuilder {
    /// Appends all values of a column of the same type, with rows counted from `rowBase` and numbers
    /// raised by `adding` (for fields that hold rows of another table).
    mutating func append(_ other: ColumnBuilder, rowBase: UInt32, adding: Int) {
        reserve(rows.count + other.rows.count)
        inheritUnusedValues(of: other)
        if key.type == .empty {
            for row in other.rows { appendPresence(row: row + rowBase) }
        } else if key.type.isCoded {
            let codes = recode(other)
            for (row, code) in zip(other.rows, other.codes) {
                append(code: codes[Int(code)], row: row + rowBase)
            }
        } else {
            let adding = UInt64(bitPattern: Int64(adding))
            for (row, number) in zip(other.rows, other.numbers) {
                append(number: number &+ adding, row: row + rowBase)
            }
        }
    }

    /// For each code of `other`, the code of the same value here; new values are added.
    private mutating func recode(_ other: ColumnBuilder) -> [UInt32] {
        guard key.type == .strings else {
            return (0..<other.dictionary.count).map { code in
                other.dictionary.withValue(code) { dictionary.code(of: $0) }
            }
        }
        let elementCodes = (0..<other.elements.count).map { code in
            other.elements.withValue(code) { elements.code(of: $0).littleEndian }
        }
        return (0..<other.dictionary.count).map { code in
            let list = other.dictionary.withValue(code) { listCodes($0) }
            return list.map { elementCodes[Int($0)] }
                .withUnsafeBytes { dictionary.code(of: $0) }
        }
    }
}

/// The element codes of a list as `ColumnBuilder` keeps it in its dictionary.
package func listCodes(_ bytes: UnsafeRawBufferPointer) -> [UInt32] {
    (0..<bytes.count / 4).map {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
    }
}
