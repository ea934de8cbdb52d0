internal import Synchronization

/// The columns of a frame that are kept while a question is answered, as far as there is room: of dimensions that would have to be resolved
/// again in each step.
final class KeptColumns: Sendable {
    private let columns = Mutex<[Int: Kept]>([:])
    /// Lends the room; nil if there is no other that wants it.
    private let spare: WarmColumns?

    init(_ spare: WarmColumns?) { self.spare = spare }

    deinit { drop() }

    private enum Kept {
        case whole(ItemColumn)
        case halves(Halves)
        case sparse(Sparse)

        var byteCount: Int {
            switch self {
            case .whole(let column): column.byteCount
            case .halves(let halves): halves.byteCount
            case .sparse(let sparse): sparse.byteCount
            }
        }
    }

    var byteCount: Int { columns.withLock { $0.values.reduce(0) { $0 + $1.byteCount } } }

    func column(_ dimension: Int) -> ItemColumn? {
        let kept = columns.withLock { $0[dimension] }
        return switch kept {
        case .whole(let column): column
        case .halves(let halves): halves.column
        case .sparse(let sparse): sparse.column
        case nil: nil
        }
    }

    func keep(_ column: ItemColumn, _ dimension: Int, units unitCount: Int) {
        var kept = Kept.whole(column)
        if let halves = Halves(column, unitCount) {
            kept = .halves(halves)
        } else if !column.isSingle {
            let sparse = Sparse(column, unitCount)
            if sparse.byteCount < column.byteCount { kept = .sparse(sparse) }
        }
        if let spare, !spare.lend(kept.byteCount) { return }
        let old = columns.withLock { [kept] in $0.updateValue(kept, forKey: dimension) }
        if let old { spare?.giveBack(old.byteCount) }
    }

    func drop() {
        let dropped = columns.withLock { columns in
            defer { columns = [:] }
            return columns
        }
        spare?.giveBack(dropped.values.reduce(0) { $0 + $1.byteCount })
    }

    /// The places of all units, each of its only one, of fifteen at most: half a byte.
    private struct Halves {
        private let unitCount: Int
        private let bytes: [UInt8]

        var byteCount: Int { bytes.count }

        init?(_ column: ItemColumn, _ unitCount: Int) {
            guard column.isSingle, column.greatest < 16 else { return nil }
            self.unitCount = unitCount
            bytes = column.reading { read in
                (0..<(unitCount + 1) / 2).map { pair in
                    var byte: UInt8 = 0
                    read.visit(2 * pair) { byte = UInt8(truncatingIfNeeded: $0) }
                    if 2 * pair + 1 < unitCount {
                        read.visit(2 * pair + 1) { byte |= UInt8(truncatingIfNeeded: $0) << 4 }
                    }
                    return byte
                }
            }
        }

        var column: ItemColumn {
            let places = [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { places, filled in
                for (pair, byte) in bytes.enumerated() {
                    places[2 * pair] = byte & 15
                    places[2 * pair + 1] = byte >> 4
                }
                filled = bytes.count * 2
            }
            return ItemColumn(places: Codes(Array(places.prefix(unitCount))))
        }
    }

    /// The places of those units alone that have others than nearly all: mostly these have none of a list.
    private struct Sparse {
        private let unitCount: Int
        private let usual: UInt16
        private var units: [UInt32] = []
        /// Where the places of each of them end.
        private var ends: [UInt32] = []
        private var places: [UInt16] = []

        var byteCount: Int { units.count * 8 + places.count * 2 }

        init(_ column: ItemColumn, _ unitCount: Int) {
            self.unitCount = unitCount
            let usual = column.usual
            self.usual = usual
            column.reading { read in
                for unit in 0..<unitCount {
                    let start = places.count
                    read.visit(unit) {
                        if $0 > 0 { places.append(UInt16(truncatingIfNeeded: $0)) }
                    }
                    let isUsual =
                        usual == 0
                        ? places.count == start
                        : places.count == start + 1 && places[start] == usual
                    if isUsual {
                        places.removeLast(places.count - start)
                        continue
                    }
                    units.append(UInt32(unit))
                    ends.append(UInt32(places.count))
                }
            }
        }

        var column: ItemColumn {
            var all: [UInt16] = []
            var allEnds: [UInt32] = []
            all.reserveCapacity(unitCount + places.count)
            allEnds.reserveCapacity(unitCount)
            func fill(before unit: Int) {
                while allEnds.count < unit {
                    all.append(usual)
                    allEnds.append(UInt32(all.count))
                }
            }
            var start = 0
            for (unit, end) in zip(units, ends) {
                fill(before: Int(unit))
                all += places[start..<Int(end)]
                allEnds.append(UInt32(all.count))
                start = Int(end)
            }
            fill(before: unitCount)
            return ItemColumn(ends: allEnds, places: Codes(all))
        }
    }
}
