/// Some units of a frame, traces or rows, by their number: all of them, or those that a query selects.
enum UnitSelection: Sendable {
    case all(Int)
    /// Ascending; a number stands more than once where its unit has several groups.
    case some([UInt32])

    var count: Int {
        switch self {
        case .all(let count): count
        case .some(let numbers): numbers.count
        }
    }

    var isEmpty: Bool { count == 0 }

    /// The number of the unit at a position.
    subscript(position: Int) -> Int {
        switch self {
        case .all: position
        case .some(let numbers): Int(numbers[position])
        }
    }

    /// Calls `body` with each position and the number of its unit.
    @inline(__always)
    func visit(_ body: (_ position: Int, _ unit: Int) -> Void) {
        switch self {
        case .all(let count):
            for unit in 0..<count { body(unit, unit) }
        case .some(let numbers):
            numbers.withUnsafeBufferPointer { numbers in
                for position in numbers.indices { body(position, Int(numbers[position])) }
            }
        }
    }

    /// Calls `body` with each position and the number of its unit, the last first, until it returns false.
    @inline(__always)
    func visitReversed(_ body: (_ position: Int, _ unit: Int) -> Bool) {
        switch self {
        case .all(let count):
            var unit = count - 1
            while unit >= 0, body(unit, unit) { unit -= 1 }
        case .some(let numbers):
            numbers.withUnsafeBufferPointer { numbers in
                var position = numbers.count - 1
                while position >= 0, body(position, Int(numbers[position])) { position -= 1 }
            }
        }
    }

    /// For each of them its entry of an array with one for every unit of the frame.
    func picked<T>(_ all: [T]) -> [T] {
        switch self {
        case .all: all
        case .some(let numbers): numbers.map { all[Int($0)] }
        }
    }
}

extension UnitSelection: MemorySized {
    var byteCount: Int { if case .some(let numbers) = self { numbers.count * 4 } else { 0 } }
}
