/// Some units of a frame: their numbers in ascending order, or a bit for each unit of the frame, whatever is smaller.
enum FrameUnits: Sendable {
    case list([UInt32])
    case bits([UInt64])

    static let none = FrameUnits.list([])

    /// - Parameter unitCount: how many units the frame has.
    init(_ units: [UInt32], of unitCount: Int) {
        guard units.count > unitCount / 32 else {
            self = .list(units)
            return
        }
        var words = [UInt64](repeating: 0, count: unitCount / 64 + 1)
        for unit in units { words[Int(unit >> 6)] |= 1 << UInt64(unit & 63) }
        self = .bits(words)
    }

    /// Appends units that come after all that are there, a bit for each.
    ///
    /// - Parameters:
    ///   - first: the unit of the first bit, a multiple of 64.
    ///   - unitCount: how many units the frame has.
    mutating func append(_ added: UnsafeBufferPointer<UInt64>, from first: Int, of unitCount: Int) {
        if case .list(var units) = self {
            // Its only owner, or each block would copy all before it.
            self = .none
            for (index, word) in added.enumerated() {
                var rest = word
                while rest != 0 {
                    units.append(UInt32(first + index * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
            self = FrameUnits(units, of: unitCount)
        } else if case .bits(var words) = self {
            self = .none
            for (index, word) in added.enumerated() { words[first / 64 + index] |= word }
            self = .bits(words)
        }
    }

    /// Without the room that a list has left over from growing.
    var trimmed: FrameUnits {
        guard case .list(let units) = self else { return self }
        return .list(units.withUnsafeBufferPointer { Array($0) })
    }

    var count: Int {
        switch self {
        case .list(let units): units.count
        case .bits(let words): words.reduce(0) { $0 + $1.nonzeroBitCount }
        }
    }

    var byteCount: Int {
        switch self {
        case .list(let units): units.count * 4
        case .bits(let words): words.count * 8
        }
    }

    /// How much room some units of all take at most, however frames divide them.
    static func bytesMost(_ units: Int, of unitCount: Int) -> Int { min(units * 4, unitCount / 8) }

    @inline(__always)
    func visit(_ body: (UInt32) -> Void) {
        switch self {
        case .list(let units):
            for unit in units { body(unit) }
        case .bits(let words):
            for (index, word) in words.enumerated() {
                var rest = word
                while rest != 0 {
                    body(UInt32(index * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
        }
    }

    func common(with other: FrameUnits, of unitCount: Int) -> FrameUnits {
        switch (self, other) {
        case (.list(let a), .list(let b)):
            let (few, many) = a.count < b.count ? (a, b) : (b, a)
            return .list(SortedUnits.common(few, many))
        case (.list(let units), .bits(let words)), (.bits(let words), .list(let units)):
            return .list(units.filter { words[Int($0 >> 6)] >> UInt64($0 & 63) & 1 == 1 })
        case (.bits(let a), .bits(let b)):
            let words = zip(a, b).map { $0 & $1 }
            let common = FrameUnits.bits(words)
            guard common.count <= unitCount / 32 else { return common }
            var units: [UInt32] = []
            common.visit { units.append($0) }
            return .list(units)
        }
    }
}

/// Units in ascending order.
private enum SortedUnits {
    /// - Parameter few: the shorter list.
    static func common(_ few: [UInt32], _ many: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(few.count)
        many.withUnsafeBufferPointer { many in
            var at = 0
            for unit in few {
                // Leaps, since the other list may be much longer.
                var step = 1
                while at + step < many.count, many[at + step] < unit {
                    at += step
                    step *= 2
                }
                var end = min(at + step, many.count)
                while at < end {
                    let middle = (at + end) / 2
                    if many[middle] < unit { at = middle + 1 } else { end = middle }
                }
                if at == many.count { break }
                if many[at] == unit { result.append(unit) }
            }
        }
        return result
    }
}
