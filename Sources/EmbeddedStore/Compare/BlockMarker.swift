internal import CBits

/// Sets the bits of a block's units in the rows of their codes (`BlockBits`).
///
/// Set one after the other, each bit waits for the one before, since neighbours mostly have the same. So where each unit has
/// one code and few rows are wanted, it is found out first which of them each unit has, and then 64 units are compared with
/// each row at once. Of several codes a unit that took as long as setting the bits.
struct BlockMarker: Sendable {
    /// By unit whose codes it has; nil if each has its own.
    private let owners: [UInt32]?
    private let codes: UnitCodes
    /// By code.
    private let rowOf: [Int32]
    /// The row of codes that nobody asks for.
    private let nothing: Int32
    /// The other rows, if units are compared with them.
    private var compared: [Int32]?
    /// By code its place among those, counted from 1; 0 is nothing.
    private var kindOf: [UInt8] = []

    /// To compare with more takes longer than to set bits.
    private static let comparedMax = 48

    /// - Parameters:
    ///   - rowOf: by code.
    ///   - nothing: the row of codes that nobody asks for, greater than all others.
    init(owners: [UInt32]?, _ codes: UnitCodes, rowOf: [Int32], nothing: Int32) {
        self.owners = owners
        self.codes = codes
        self.rowOf = rowOf
        self.nothing = nothing
        guard codes.ends.isEmpty else { return }
        var kinds = [UInt8](repeating: 0, count: Int(nothing) + 1)
        var wanted: [Int32] = []
        for row in rowOf where row != nothing && kinds[Int(row)] == 0 {
            guard wanted.count < Self.comparedMax else { return }
            wanted.append(row)
            kinds[Int(row)] = UInt8(wanted.count)
        }
        compared = wanted
        kindOf = rowOf.map { kinds[Int($0)] }
    }

    func mark(_ block: BlockLayout, in bits: BitRows) {
        if compared?.isEmpty == true { return }
        (owners ?? []).withUnsafeBufferPointer { owners in
            guard let compared else {
                return codes.ends.withUnsafeBufferPointer { ends in
                    var setting = Setting(
                        block: block, owners: owners, ends: ends, rowOf: rowOf, nothing: nothing,
                        bits: bits)
                    codes.codes.visit(&setting)
                }
            }
            var kinds = Kinds(units: block.units, owners: owners, kindOf: kindOf)
            codes.codes.visit(&kinds)
            for (index, row) in compared.enumerated() {
                mark_bytes(
                    kinds.found, kinds.found.count, block.firsts, block.wordCount,
                    UInt8(index + 1), bits[Int(row)])
            }
        }
    }

    /// Sets a bit after the other.
    private struct Setting: Codes.Visitor {
        let block: BlockLayout
        let owners: UnsafeBufferPointer<UInt32>
        let ends: UnsafeBufferPointer<UInt32>
        let rowOf: [Int32]
        let nothing: Int32
        let bits: BitRows

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            rowOf.withUnsafeBufferPointer { rowOf in
                block.bitOf.withUnsafeBufferPointer { bitOf in
                    for (index, unit) in block.units.enumerated() {
                        let owner = owners.isEmpty ? unit : Int(owners[unit])
                        var at = ends.isEmpty ? owner : owner == 0 ? 0 : Int(ends[owner &- 1])
                        let end = ends.isEmpty ? owner &+ 1 : Int(ends[owner])
                        while at < end {
                            let row = rowOf[Int(codes[at])]
                            if row != nothing { bits.set(Int(bitOf[index]), in: Int(row)) }
                            at &+= 1
                        }
                    }
                }
            }
        }
    }

    /// Finds out which row the only code of each unit has.
    private struct Kinds: Codes.Visitor {
        let units: Range<Int>
        let owners: UnsafeBufferPointer<UInt32>
        let kindOf: [UInt8]
        var found: [UInt8] = []

        mutating func visit<Code: FixedWidthInteger>(_ codes: UnsafeBufferPointer<Code>) {
            found = [UInt8](unsafeUninitializedCapacity: units.count) { found, count in
                kindOf.withUnsafeBufferPointer { kindOf in
                    for (index, unit) in units.enumerated() {
                        let owner = owners.isEmpty ? unit : Int(owners[unit])
                        found[index] = kindOf[Int(codes[owner])]
                    }
                }
                count = units.count
            }
        }
    }
}
