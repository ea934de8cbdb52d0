/// A code for each of many rows, in as few bytes as the greatest of them needs: what queries keep warm is mostly this.
struct Codes: RandomAccessCollection, Sendable {
    private enum Storage: Sendable {
        case bytes([UInt8])
        case shorts([UInt16])
        case words([UInt32])
    }

    private let storage: Storage
    let count: Int

    var startIndex: Int { 0 }
    var endIndex: Int { count }

    var byteCount: Int {
        switch storage {
        case .bytes: count
        case .shorts: count * 2
        case .words: count * 4
        }
    }

    init(_ codes: [UInt32]) {
        count = codes.count
        let greatest = codes.max() ?? 0
        if greatest <= UInt8.max {
            storage = .bytes(codes.map { UInt8(truncatingIfNeeded: $0) })
        } else if greatest <= UInt16.max {
            storage = .shorts(codes.map { UInt16(truncatingIfNeeded: $0) })
        } else {
            storage = .words(codes)
        }
    }

    subscript(row: Int) -> UInt32 {
        switch storage {
        case .bytes(let codes): UInt32(codes[row])
        case .shorts(let codes): UInt32(codes[row])
        case .words(let codes): codes[row]
        }
    }

    /// Something that goes through codes, of whatever width they are.
    protocol Visitor {
        associatedtype Result
        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) -> Result
    }

    func visit<V: Visitor>(_ visitor: inout V) -> V.Result {
        switch storage {
        case .bytes(let codes): codes.withUnsafeBufferPointer { visitor.visit($0) }
        case .shorts(let codes): codes.withUnsafeBufferPointer { visitor.visit($0) }
        case .words(let codes): codes.withUnsafeBufferPointer { visitor.visit($0) }
        }
    }

    /// All of them, four bytes each.
    var expanded: [UInt32] {
        switch storage {
        case .bytes(let codes): codes.map { UInt32($0) }
        case .shorts(let codes): codes.map { UInt32($0) }
        case .words(let codes): codes
        }
    }

    /// For each row the entry of its code in a table.
    func looked<T>(upIn table: [T]) -> [T] {
        func look<Code: FixedWidthInteger>(_ codes: [Code]) -> [T] {
            table.withUnsafeBufferPointer { table in codes.map { table[Int($0)] } }
        }
        return switch storage {
        case .bytes(let codes): look(codes)
        case .shorts(let codes): look(codes)
        case .words(let codes): look(codes)
        }
    }

    /// The codes of some units.
    func picked(_ units: UnitSelection) -> [UInt32] {
        guard case .some(let numbers) = units else { return expanded }
        func pick<Code: FixedWidthInteger>(_ codes: [Code]) -> [UInt32] {
            codes.withUnsafeBufferPointer { codes in numbers.map { UInt32(codes[Int($0)]) } }
        }
        return switch storage {
        case .bytes(let codes): pick(codes)
        case .shorts(let codes): pick(codes)
        case .words(let codes): pick(codes)
        }
    }
}
