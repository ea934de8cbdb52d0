/// Some units of a frame, traces or rows, by their number: all of them, or those that a query selects.
enum UnitSelection: Sendable {
    case all(Int)
    /// Mostly neighbours.
    case runs(UnitRuns)
    /// Ascending; a number stands more than once where its unit has several groups.
    case some([UInt32])

    var count: Int {
        switch self {
        case .all(let count): count
        case .runs(let runs): runs.count
        case .some(let numbers): numbers.count
        }
    }

    var isEmpty: Bool { count == 0 }

    /// The number of the unit at a position.
    subscript(position: Int) -> Int {
        switch self {
        case .all: position
        case .runs(let runs): runs[position]
        case .some(let numbers): Int(numbers[position])
        }
    }

    /// Calls `body` with each position and the number of its unit.
    @inline(__always)
    func visit(_ body: (_ position: Int, _ unit: Int) -> Void) {
        switch self {
        case .all(let count):
            for unit in 0..<count { body(unit, unit) }
        case .runs(let runs):
            var position = 0
            for run in runs.runs {
                for unit in Int(run.lowerBound)..<Int(run.upperBound) {
                    body(position, unit)
                    position &+= 1
                }
            }
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
        case .runs(let runs):
            var position = runs.count - 1
            for run in runs.runs.reversed() {
                for unit in (Int(run.lowerBound)..<Int(run.upperBound)).reversed() {
                    guard body(position, unit) else { return }
                    position -= 1
                }
            }
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
        case .runs(let runs):
            runs.runs.flatMap { all[Int($0.lowerBound)..<Int($0.upperBound)] }
        case .some(let numbers): numbers.map { all[Int($0)] }
        }
    }
}

extension UnitSelection: MemorySized {
    var byteCount: Int {
        switch self {
        case .all: 0
        case .runs(let runs): runs.byteCount
        case .some(let numbers): numbers.count * 4
        }
    }
}

/// Units that are mostly neighbours, such as all of a segment whose traces lie in no other.
struct UnitRuns: Sendable {
    /// Ascending, none empty, none next to another.
    private(set) var runs: [Range<UInt32>] = []
    /// Where the positions of each run end.
    private var ends: [Int] = []

    var count: Int { ends.last ?? 0 }
    var byteCount: Int { runs.count * 16 }

    /// As runs, or one by one if that takes less room.
    var selection: UnitSelection {
        byteCount <= count * 4 ? .runs(self) : .some(runs.flatMap { Array($0) })
    }

    /// Appends units that come after all that are there.
    mutating func append(_ units: Range<Int>) {
        if units.isEmpty { return }
        let (first, last) = (UInt32(units.lowerBound), UInt32(units.upperBound))
        ends.append(count + units.count)
        if let end = runs.last, end.upperBound == first {
            runs[runs.count - 1] = end.lowerBound..<last
            ends.remove(at: ends.count - 2)
        } else {
            runs.append(first..<last)
        }
    }

    /// Calls `body` with what lies within some units, run by run.
    func visit(within units: Range<Int>, _ body: (Range<Int>) -> Void) {
        let first = runs.partitioningIndex { Int($0.upperBound) > units.lowerBound }
        for run in runs[first...] {
            if Int(run.lowerBound) >= units.upperBound { break }
            body((Int(run.lowerBound)..<Int(run.upperBound)).clamped(to: units))
        }
    }

    /// The number of the unit at a position.
    subscript(position: Int) -> Int {
        let run = ends.partitioningIndex { $0 > position }
        return Int(runs[run].lowerBound) + position - (run == 0 ? 0 : ends[run - 1])
    }
}
