/// Which rows of a table have a value in a column.
enum Presence: Sendable, Equatable {
    /// Every row of the table.
    case all(Int)
    /// These, ascending.
    case rows([UInt32])

    init(rows: [UInt32], of rowCount: Int) {
        self = rows.count == rowCount ? .all(rowCount) : .rows(rows)
    }

    var count: Int {
        switch self {
        case .all(let count): count
        case .rows(let rows): rows.count
        }
    }

    /// The index of a row's value; nil if it has none.
    func index(of row: Int) -> Int? {
        switch self {
        case .all(let count): return row < count ? row : nil
        case .rows(let rows):
            var low = 0
            var high = rows.count
            while low < high {
                let middle = (low + high) / 2
                if rows[middle] < UInt32(row) { low = middle + 1 } else { high = middle }
            }
            return low < rows.count && rows[low] == UInt32(row) ? low : nil
        }
    }

    /// Calls `body` with each row that has a value, and the value's index.
    @inline(__always)
    func visit(_ body: (_ row: Int, _ index: Int) -> Void) {
        switch self {
        case .all(let count): for row in 0..<count { body(row, row) }
        case .rows(let rows): for index in rows.indices { body(Int(rows[index]), index) }
        }
    }
}

/// Presence as bytes.
enum PresenceCodec {
    enum Form: UInt8 {
        case all = 0
        /// One bit a row, least significant first.
        case bitmap = 1
        /// The rows as a sequence.
        case rows = 2
    }

    static func append(_ presence: Presence, rowCount: Int, to bytes: inout [UInt8]) {
        switch presence {
        case .all:
            bytes.append(Form.all.rawValue)
        case .rows(let rows) where rows.count * 16 < rowCount:
            bytes.append(Form.rows.rawValue)
            bytes.appendVarint(rows.count)
            IntegerCodec.append(rows, to: &bytes)
        case .rows(let rows):
            bytes.append(Form.bitmap.rawValue)
            var bitmap = [UInt8](repeating: 0, count: (rowCount + 7) / 8)
            for row in rows { bitmap[Int(row >> 3)] |= 1 << UInt8(row & 7) }
            bytes.append(contentsOf: bitmap)
        }
    }

    static func read(_ reader: inout ByteReader, rowCount: Int) throws(DamagedBytes) -> Presence {
        let tag = try reader.byte()
        guard let form = Form(rawValue: tag) else { throw DamagedBytes("unknown presence \(tag)") }
        switch form {
        case .all:
            return .all(rowCount)
        case .bitmap:
            let bitmap = try reader.take((rowCount + 7) / 8)
            let rows = rows(ofBits: bitmap)
            guard Int(rows.last ?? 0) < max(rowCount, 1) else {
                throw DamagedBytes("presence beyond the last row")
            }
            return .rows(rows)
        case .rows:
            let count = try reader.count(atMost: rowCount)
            let rows = try IntegerCodec.readCodes(&reader, count: count, below: rowCount)
            for index in rows.indices.dropFirst() where rows[index] <= rows[index - 1] {
                throw DamagedBytes("rows not ascending")
            }
            return .rows(rows)
        }
    }

    /// The numbers of the bits that are set.
    private static func rows(ofBits bitmap: UnsafeRawBufferPointer) -> [UInt32] {
        let wordCount = (bitmap.count + 7) / 8
        func word(_ index: Int) -> UInt64 {
            let from = index * 8
            if from + 8 <= bitmap.count {
                return bitmap.loadUnaligned(fromByteOffset: from, as: UInt64.self).littleEndian
            }
            return (from..<bitmap.count).reversed().reduce(0) { $0 << 8 | UInt64(bitmap[$1]) }
        }
        let count = (0..<wordCount).reduce(0) { $0 + word($1).nonzeroBitCount }
        return [UInt32](unsafeUninitializedCapacity: count) { rows, filled in
            for index in 0..<wordCount {
                var bits = word(index)
                while bits != 0 {
                    rows[filled] = UInt32(
                        truncatingIfNeeded: index * 64 + bits.trailingZeroBitCount)
                    filled += 1
                    bits &= bits - 1
                }
            }
        }
    }
}
