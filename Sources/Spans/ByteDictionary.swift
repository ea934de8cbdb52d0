/// Distinct byte strings in order of first appearance, each known by its code.
///
/// The bytes lie back to back in one arena; a hash table of codes finds them again. Codes are dense
/// and start at 0, so that they can be bit-packed and index plain arrays.
package struct ByteDictionary: Sendable {
    /// All values, one after another.
    package private(set) var bytes: [UInt8] = []
    /// Where each value ends in `bytes`; one entry a value.
    package private(set) var ends: [UInt32] = []

    /// `code + 1` of the value that hashes here, 0 for a free slot. Its count is a power of two.
    private var slots: [UInt32] = []
    private var hashes: [UInt32] = []

    /// Whether the values are in the order of their bytes, so that they are found without the table.
    private var isSorted = false

    package init() {}

    /// Takes over values that are distinct and in the order of their bytes. What finds them otherwise is made when one
    /// is added.
    ///
    /// - Parameter ends: where each value ends in `bytes`.
    package init(sorted bytes: [UInt8], ends: [UInt32]) {
        self.bytes = bytes
        self.ends = ends
        isSorted = true
    }

    package var count: Int { ends.count }

    /// The memory that it holds, roughly.
    package var byteCount: Int { bytes.count + ends.count * 8 + slots.count * 4 }

    package func start(of code: Int) -> Int { code == 0 ? 0 : Int(ends[code - 1]) }

    /// Calls `body` with the bytes of one value, without copying them.
    package func withValue<R>(_ code: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows
        -> R
    {
        let from = start(of: code)
        let to = Int(ends[code])
        return try bytes.withUnsafeBytes {
            try body(UnsafeRawBufferPointer(rebasing: $0[from..<to]))
        }
    }

    package subscript(code: Int) -> ArraySlice<UInt8> { bytes[start(of: code)..<Int(ends[code])] }

    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    package func string(_ code: Int) -> String {
        withValue(code) { String(decoding: $0, as: UTF8.self) }
    }

    /// The code of `value`, which is added if it is new.
    ///
    /// - Precondition: all values together stay under 4 GiB; batches are bounded far below it.
    package mutating func code(of value: UnsafeRawBufferPointer) -> UInt32 {
        if isSorted { makeTable() }
        if (ends.count + 1) * 4 > slots.count * 3 { grow() }
        let hash = UInt32(truncatingIfNeeded: hashBytes(value))
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            let code = Int(slots[slot]) - 1
            if hashes[code] == hash, equals(code, value) { return UInt32(code) }
            slot = (slot + 1) & mask
        }
        bytes.append(contentsOf: value)
        ends.append(UInt32(bytes.count))
        hashes.append(hash)
        slots[slot] = UInt32(ends.count)
        return UInt32(ends.count - 1)
    }

    /// Makes room, so that many values do not grow the arena by copying it again and again.
    package mutating func reserve(values: Int, bytes byteCount: Int) {
        bytes.reserveCapacity(bytes.count + byteCount)
        ends.reserveCapacity(ends.count + values)
        hashes.reserveCapacity(hashes.count + values)
    }

    /// The code of `value` if it is here.
    package func existingCode(of value: UnsafeRawBufferPointer) -> UInt32? {
        if isSorted { return place(of: value) }
        if slots.isEmpty { return nil }
        let hash = UInt32(truncatingIfNeeded: hashBytes(value))
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            let code = Int(slots[slot]) - 1
            if hashes[code] == hash, equals(code, value) { return UInt32(code) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    package mutating func code(of text: String) -> UInt32 {
        var text = text
        return text.withUTF8 { code(of: UnsafeRawBufferPointer($0)) }
    }

    package mutating func code(of value: [UInt8]) -> UInt32 {
        value.withUnsafeBytes { code(of: $0) }
    }

    /// Whether the value of `code` has these bytes.
    package func equals(_ code: Int, _ value: UnsafeRawBufferPointer) -> Bool {
        let from = start(of: code)
        guard Int(ends[code]) - from == value.count else { return false }
        return bytes.withUnsafeBytes { equalBytes($0.baseAddress, from, value) }
    }

    /// Of sorted values the code of one of them.
    private func place(of value: UnsafeRawBufferPointer) -> UInt32? {
        var low = 0
        var high = ends.count
        while low < high {
            let middle = (low + high) / 2
            if withValue(middle, { bytesPrecede($0, value) }) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ends.count && equals(low, value) ? UInt32(low) : nil
    }

    private mutating func makeTable() {
        isSorted = false
        hashes = ends.indices.map { code in
            withValue(code) { UInt32(truncatingIfNeeded: hashBytes($0)) }
        }
        grow()
    }

    private mutating func grow() {
        var count = max(16, slots.count * 2)
        while (hashes.count + 1) * 4 > count * 3 { count *= 2 }
        slots = [UInt32](repeating: 0, count: count)
        for code in hashes.indices {
            var slot = Int(hashes[code]) & (count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = UInt32(code + 1)
        }
    }
}
