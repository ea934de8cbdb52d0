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

    /// What sets the bits of units in the rows of their places.
    ///
    /// - Parameters:
    ///   - rowOf: by place.
    ///   - nothing: the row of what has none.
    func marker(rowOf: [Int32], nothing: Int32) -> BlockMarker {
        let rows =
            placeOf.map { placeOf in
                rowOf.withUnsafeBufferPointer { rowOf in placeOf.map { rowOf[Int($0)] } }
            } ?? rowOf
        return BlockMarker(owners: owners, codes, rowOf: rows, nothing: nothing)
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
