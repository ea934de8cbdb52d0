/// A set of rows of a segment, as a bitmap; least significant bit first.
struct RowSet: Sendable, Equatable {
    private(set) var bytes: [UInt8]
    private(set) var count: Int

    init(rowCount: Int) {
        bytes = [UInt8](repeating: 0, count: (rowCount + 7) / 8)
        count = 0
    }

    /// Reads a stored bitmap; bits that are missing at its end are not set.
    init(bytes: [UInt8], count rowCount: Int) {
        let length = (rowCount + 7) / 8
        self.bytes = Array(bytes.prefix(length))
        self.bytes.append(contentsOf: repeatElement(0, count: length - self.bytes.count))
        count = self.bytes.reduce(0) { $0 + $1.nonzeroBitCount }
    }

    func contains(_ row: Int) -> Bool { bytes[row >> 3] & (1 << UInt8(row & 7)) != 0 }

    mutating func insert(_ row: Int) {
        if contains(row) { return }
        bytes[row >> 3] |= 1 << UInt8(row & 7)
        count += 1
    }
}
