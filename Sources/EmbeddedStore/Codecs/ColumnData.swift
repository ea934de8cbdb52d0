internal import Spans

/// One column in memory, as it lies in a segment.
struct ColumnData: Sendable {
    var key: ColumnKey
    var presence: Presence
    /// For `int`, `bool`, `double`: a bit pattern for each present row.
    var numbers: [UInt64] = []
    /// For coded types: a code for each present row.
    var codes: [UInt32] = []
    /// The values of the codes; for lists of strings, the elements.
    var strings = StringTable()
    /// For lists of strings: what each code stands for.
    var lists = ListTable()
    /// Where the bytes of `strings` are.
    var texts = TextPlace.here

    init(key: ColumnKey, presence: Presence) {
        self.key = key
        self.presence = presence
    }

    /// `strings` counts its texts, but they lie elsewhere and have not been read.
    var lacksTexts: Bool { texts != .here }

    /// How many different values the codes stand for.
    var valueCount: Int { key.type == .strings ? lists.count : strings.count }

    init(_ column: ColumnBuilder, rowCount: Int) {
        key = column.key
        presence = Presence(rows: column.rows, of: rowCount)
        numbers = column.numbers
        codes = column.codes
        if key.type == .strings {
            strings = StringTable(column.elements)
            for code in 0..<column.dictionary.count {
                lists.append(column.dictionary.withValue(code) { listCodes($0) })
            }
        } else {
            strings = StringTable(column.dictionary)
        }
        if column.mayHaveUnusedValues { dropUnusedValues() }
    }

    /// A dictionary at rest holds no value that no row has: readers take its size for the number of
    /// distinct values.
    private mutating func dropUnusedValues() {
        var used = [Bool](repeating: false, count: valueCount)
        for code in codes { used[Int(code)] = true }
        var union = CodedUnion(key.type)
        let newCodes = union.add(self, used: used)
        codes = codes.map { newCodes[Int($0)] }
        strings = StringTable()
        lists = ListTable()
        union.orderByFirstUse(&self)
    }
}

/// Where the bytes of a column's strings are.
enum TextPlace: Sendable {
    case here
    /// One after the other; their lengths are known.
    case apart
    /// In a pool, each passage once: see `TextPoolBuilder`.
    case pooled
}

/// Lists of codes by code.
struct ListTable: Sendable {
    var codes: [UInt32] = []
    var ends: [UInt32] = []

    var count: Int { ends.count }

    subscript(code: Int) -> ArraySlice<UInt32> {
        codes[(code == 0 ? 0 : Int(ends[code - 1]))..<Int(ends[code])]
    }

    /// Calls `body` with each code of a list, without a slice of its own: for loops over many lists.
    @inline(__always)
    func forEach(in list: Int, _ body: (UInt32) -> Void) {
        for at in (list == 0 ? 0 : Int(ends[list - 1]))..<Int(ends[list]) { body(codes[at]) }
    }

    mutating func append(_ list: some Sequence<UInt32>) {
        codes.append(contentsOf: list)
        ends.append(UInt32(codes.count))
    }

    /// Whether a list has no code twice.
    func isDistinct(_ list: Int) -> Bool {
        let own = self[list]
        return own.indices.allSatisfy { !own[..<$0].contains(own[$0]) }
    }

    mutating func append(contentsOf other: ListTable) {
        let start = UInt32(codes.count)
        codes.append(contentsOf: other.codes)
        ends.append(contentsOf: other.ends.lazy.map { start + $0 })
    }

    mutating func reserve(lists: Int, codes codeCount: Int) {
        ends.reserveCapacity(lists)
        codes.reserveCapacity(codeCount)
    }
}
