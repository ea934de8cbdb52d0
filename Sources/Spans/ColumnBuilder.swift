/// One column while it grows: the rows that have a value, and their values.
///
/// Numbers (`int`, `double`, `bool`) are kept as 64-bit patterns; everything else is coded. A list of
/// strings is coded twice: elements in `elements`, and the list itself, as the little-endian 32-bit
/// codes of its elements, in `dictionary`.
package struct ColumnBuilder: Sendable {
    package let key: ColumnKey
    /// The rows with a value, ascending.
    package private(set) var rows: [UInt32] = []
    /// For numbers: one bit pattern for each entry of `rows`.
    package private(set) var numbers: [UInt64] = []
    /// For coded types: one code for each entry of `rows`.
    package private(set) var codes: [UInt32] = []
    package var dictionary = ByteDictionary()
    package var elements = ByteDictionary()
    /// A value was taken back, so the dictionary may hold some that no row has.
    package private(set) var mayHaveUnusedValues = false

    package init(_ key: ColumnKey) { self.key = key }

    package var lastRow: UInt32? { rows.last }

    package mutating func append(number: UInt64, row: UInt32) {
        rows.append(row)
        numbers.append(number)
    }

    package mutating func append(bytes: UnsafeRawBufferPointer, row: UInt32) {
        let code = repeatsLast(bytes) ?? dictionary.code(of: bytes)
        rows.append(row)
        codes.append(code)
    }

    package mutating func append(code: UInt32, row: UInt32) {
        rows.append(row)
        codes.append(code)
    }

    package mutating func appendPresence(row: UInt32) { rows.append(row) }

    /// Takes the value of the last row back; a later one for the same key replaces it.
    package mutating func removeLast() {
        rows.removeLast()
        if key.type.isCoded {
            codes.removeLast()
            mayHaveUnusedValues = true
        } else if key.type != .empty {
            numbers.removeLast()
        }
    }

    /// Takes over that a column appended to this one may have values that no row has.
    mutating func inheritUnusedValues(of other: ColumnBuilder) {
        mayHaveUnusedValues = mayHaveUnusedValues || other.mayHaveUnusedValues
    }

    package mutating func reserve(_ count: Int) {
        rows.reserveCapacity(count)
        if key.type.isCoded {
            codes.reserveCapacity(count)
        } else if key.type != .empty {
            numbers.reserveCapacity(count)
        }
    }

    /// Neighbouring spans often repeat a value: comparing with the last one is cheaper than hashing.
    @inline(__always)
    private func repeatsLast(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        guard let last = codes.last else { return nil }
        let code = Int(last)
        let from = dictionary.start(of: code)
        guard Int(dictionary.ends[code]) - from == bytes.count else { return nil }
        return dictionary.bytes.withUnsafeBytes {
            equalBytes($0.baseAddress, from, bytes) ? last : nil
        }
    }
}
