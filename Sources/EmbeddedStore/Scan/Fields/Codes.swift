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
        // How wide the greatest is, all of them together say too, and eight are looked at at once.
        let bits = codes.withUnsafeBufferPointer { $0.reduce(0) { $0 | $1 } }
        if bits <= UInt8.max {
            storage = .bytes(codes.map { UInt8(truncatingIfNeeded: $0) })
        } else if bits <= UInt16.max {
            storage = .shorts(codes.map { UInt16(truncatingIfNeeded: $0) })
        } else {
            storage = .words(codes)
        }
    }

    init(_ codes: [UInt16]) {
        count = codes.count
        storage =
            codes.allSatisfy { $0 <= UInt8.max }
            ? .bytes(codes.map { UInt8(truncatingIfNeeded: $0) }) : .shorts(codes)
    }

    init(_ codes: [UInt8]) {
        count = codes.count
        storage = .bytes(codes)
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

    /// Codes while they are read one by one: copying it costs nothing, which copying an array in a loop does.
    struct Reader {
        fileprivate enum Place {
            case bytes(UnsafePointer<UInt8>)
            case shorts(UnsafePointer<UInt16>)
            case words(UnsafePointer<UInt32>)
        }

        fileprivate let place: Place?

        fileprivate init(place: Place?) { self.place = place }

        init(_ codes: UnsafePointer<UInt32>) { place = .words(codes) }

        @inline(__always)
        subscript(row: Int) -> UInt32 {
            switch place {
            case .bytes(let codes): UInt32(codes[row])
            case .shorts(let codes): UInt32(codes[row])
            case .words(let codes): codes[row]
            case nil: 0
            }
        }
    }

    /// Reads codes within a call, past which the reader is not to be kept.
    @inline(__always)
    func reading<R>(_ body: (Reader) throws -> R) rethrows -> R {
        switch storage {
        case .bytes(let codes):
            try codes.withUnsafeBufferPointer {
                try body(Reader(place: $0.baseAddress.map { .bytes($0) }))
            }
        case .shorts(let codes):
            try codes.withUnsafeBufferPointer {
                try body(Reader(place: $0.baseAddress.map { .shorts($0) }))
            }
        case .words(let codes):
            try codes.withUnsafeBufferPointer {
                try body(Reader(place: $0.baseAddress.map { .words($0) }))
            }
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

    /// For each row what a table says of its code.
    func looked<Found: FixedWidthInteger>(upIn table: [Found]) -> [Found] {
        func look<Code: FixedWidthInteger>(_ codes: [Code]) -> [Found] {
            codes.withUnsafeBufferPointer { codes in
                table.withUnsafeBufferPointer { table in codes.map { table[Int($0)] } }
            }
        }
        return switch storage {
        case .bytes(let codes): look(codes)
        case .shorts(let codes): look(codes)
        case .words(let codes): look(codes)
        }
    }

    /// For each row what a table says of its code.
    func looked(upIn table: [Bool]) -> [Bool] {
        guard let first = table.firstIndex(of: true), let last = table.lastIndex(of: true) else {
            return [Bool](repeating: false, count: count)
        }
        // One value, all values, a range of sorted ones: mostly codes need no table.
        let isRange = !table[first...last].contains(false)
        func look<Code: FixedWidthInteger & UnsignedInteger>(_ codes: [Code]) -> [Bool] {
            isRange
                ? Self.truths(codes, from: first, to: last)
                : table.withUnsafeBufferPointer { table in codes.map { table[Int($0)] } }
        }
        return switch storage {
        case .bytes(let codes): look(codes)
        case .shorts(let codes): look(codes)
        case .words(let codes): look(codes)
        }
    }

    /// Which codes lie between two, both included.
    private static func truths<Code: FixedWidthInteger & UnsignedInteger>(
        _ codes: [Code], from first: Int, to last: Int
    ) -> [Bool] {
        // No code is greater than what its width can say.
        guard let first = Code(exactly: first) else {
            return [Bool](repeating: false, count: codes.count)
        }
        let distance = Code(clamping: last) &- first
        return [Bool](unsafeUninitializedCapacity: codes.count) { truths, count in
            codes.withUnsafeBufferPointer { codes in
                for index in codes.indices { truths[index] = codes[index] &- first <= distance }
            }
            count = codes.count
        }
    }

    /// The codes of some units.
    func picked(_ units: UnitSelection) -> [UInt32] {
        if case .all = units { return expanded }
        func pick<Code: FixedWidthInteger>(_ codes: [Code]) -> [UInt32] {
            [UInt32](unsafeUninitializedCapacity: units.count) { picked, count in
                codes.withUnsafeBufferPointer { codes in
                    units.visit { position, unit in picked[position] = UInt32(codes[unit]) }
                }
                count = units.count
            }
        }
        return switch storage {
        case .bytes(let codes): pick(codes)
        case .shorts(let codes): pick(codes)
        case .words(let codes): pick(codes)
        }
    }
}
