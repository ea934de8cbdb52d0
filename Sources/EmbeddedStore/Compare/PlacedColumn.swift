internal import Store

/// What the units of a frame have of one dimension, to be marked as bits: codes as the frame has them, and the place of each.
///
/// To look up the place of each unit's codes first, in an array of its own, would take as long as marking them.
struct PlacedColumn: Sendable {
    /// By unit whose codes it has: its trace's. nil if each has its own.
    private let owners: [UInt32]?
    private let codes: UnitCodes
    /// By code; of several codes of a unit some may have the same. nil if codes are places, each once.
    private let placeOf: [UInt16]?
    /// Whether no two codes have the same place.
    private let areApart: Bool

    init(owners: [UInt32]?, _ codes: UnitCodes, _ placeOf: [UInt16], areApart: Bool) {
        self.owners = owners
        self.codes = codes
        self.placeOf = placeOf
        self.areApart = areApart
    }

    /// - Parameter places: of each owner, none more than once.
    init(owners: [UInt32]?, places: UnitCodes) {
        self.owners = owners
        codes = places
        placeOf = nil
        areApart = true
    }

    /// The row of each code.
    ///
    /// - Parameter rowOf: by place.
    func rows(_ rowOf: [Int32]) -> [Int32] {
        placeOf.map { placeOf in
            rowOf.withUnsafeBufferPointer { rowOf in placeOf.map { rowOf[Int($0)] } }
        } ?? rowOf
    }

    /// Sets the bit of each unit of a block in the row of each of its codes.
    ///
    /// - Parameter rowOf: what `rows` gives.
    func mark(_ block: BlockLayout, rowOf: [Int32], in rows: BitRows) {
        rowOf.withUnsafeBufferPointer { rowOf in
            block.bitOf.withUnsafeBufferPointer { bitOf in
                (owners ?? []).withUnsafeBufferPointer { owners in
                    codes.ends.withUnsafeBufferPointer { ends in
                        var marking = Marking(
                            units: block.units, bitOf: bitOf, rowOf: rowOf, rows: rows,
                            owners: owners, ends: ends)
                        codes.codes.visit(&marking)
                    }
                }
            }
        }
    }

    private struct Marking: Codes.Visitor {
        let units: Range<Int>
        let bitOf: UnsafeBufferPointer<UInt32>
        let rowOf: UnsafeBufferPointer<Int32>
        let rows: BitRows
        let owners: UnsafeBufferPointer<UInt32>
        let ends: UnsafeBufferPointer<UInt32>

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            for unit in units {
                let owner = owners.isEmpty ? unit : Int(owners[unit])
                let bit = Int(bitOf[unit &- units.lowerBound])
                if ends.isEmpty {
                    rows.set(bit, in: Int(rowOf[Int(codes[owner])]))
                    continue
                }
                for at in (owner == 0 ? 0 : Int(ends[owner &- 1]))..<Int(ends[owner]) {
                    rows.set(bit, in: Int(rowOf[Int(codes[at])]))
                }
            }
        }
    }

    /// The place of each code in its stead.
    var items: ItemColumn {
        guard let placeOf else {
            return ItemColumn(owners: owners, ends: codes.ends, places: codes.codes)
        }
        let places =
            placeOf.allSatisfy { $0 <= UInt8.max }
            ? Codes(codes.codes.looked(upIn: placeOf.map { UInt8($0) }))
            : Codes(codes.codes.looked(upIn: placeOf))
        return codes.ends.isEmpty || areApart
            ? ItemColumn(owners: owners, ends: codes.ends, places: places)
            : ItemColumn(owners: owners, ends: codes.ends, withoutRepetitions: places)
    }
}
