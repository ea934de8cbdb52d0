internal import Spans
internal import Store

/// A value of a dimension that slices are made of.
struct CompareItem: Sendable {
    let dimension: Int
    let code: UInt32
    /// How many units of the target have it.
    let targets: Int
    /// Whether conjunctions are made of it.
    let isJoined: Bool
}

/// The values that so many units of the target have that slices of them can be findings, numbered: first those that
/// conjunctions are made of, the rarest in the target first.
struct CompareItems: Sendable {
    let dimensions: [ComparedDimension]
    let items: [CompareItem]
    /// How many conjunctions are made of.
    let joinedCount: Int
    /// By dimension and code the item, or `none`.
    private let numbers: [[UInt32]]
    /// By dimension its items in the order of their values.
    private let ordered: [[Int]]
    /// By dimension the items that conjunctions are made of, by their places (`ItemColumn`).
    private let joined: [[Int]]
    /// Of each of them.
    private let places: [UInt16]

    static let none = UInt32.max

    /// None.
    init() {
        dimensions = []
        items = []
        joinedCount = 0
        numbers = []
        ordered = []
        joined = []
        places = []
    }

    /// - Parameters:
    ///   - counts: by dimension and code, how many units of the target have it.
    ///   - least: units of the target that have a value at least.
    ///   - joinedLeast: the same of one that conjunctions are made of; nil if there are no conjunctions.
    init(
        _ dimensions: [ComparedDimension], _ counts: [[Int]], least: Int, joinedLeast: Int?
    ) {
        self.dimensions = dimensions
        var joined: [CompareItem] = []
        var others: [CompareItem] = []
        for (dimension, counts) in counts.enumerated() {
            let found = counts.indices.filter { counts[$0] >= max(1, least) }
            for code in dimensions[dimension].sorted(found) {
                let count = counts[code]
                let isJoined =
                    joinedLeast.map { count >= $0 } ?? false
                    && dimensions[dimension].isJoined(UInt32(code))
                let item = CompareItem(
                    dimension: dimension, code: UInt32(code), targets: count, isJoined: isJoined)
                if isJoined { joined.append(item) } else { others.append(item) }
            }
        }
        joined = joined.enumerated().sorted {
            ($0.element.targets, $0.offset) < ($1.element.targets, $1.offset)
        }.map(\.element)
        items = joined + others
        joinedCount = joined.count
        var numbers = counts.map { [UInt32](repeating: Self.none, count: $0.count) }
        for (number, item) in items.enumerated() {
            numbers[item.dimension][Int(item.code)] = UInt32(number)
        }
        self.numbers = numbers
        var joinedOf = [[Int]](repeating: [], count: dimensions.count)
        places = joined.enumerated().map { number, item in
            joinedOf[item.dimension].append(number)
            return UInt16(clamping: joinedOf[item.dimension].count)
        }
        self.joined = joinedOf
        ordered = dimensions.enumerated().map { dimension, compared in
            let own = numbers[dimension].indices.filter { numbers[dimension][$0] != Self.none }
            return compared.sorted(own).map { Int(numbers[dimension][$0]) }
        }
    }

    /// By code, as far as the target has codes.
    func numbers(of dimension: Int) -> [UInt32] { numbers[dimension] }

    /// The items of a dimension in the order of their values.
    func numbersByValue(of dimension: Int) -> [Int] { ordered[dimension] }

    /// The item of a code by the numbers of its dimension; nil if it is none.
    @inline(__always)
    static func item(_ code: UInt32, _ numbers: [UInt32]) -> Int? {
        guard Int(code) < numbers.count, numbers[Int(code)] != none else { return nil }
        return Int(numbers[Int(code)])
    }

    /// The items of a dimension that conjunctions are made of, that of place 1 first.
    func joined(of dimension: Int) -> [Int] { joined[dimension] }

    /// The place of an item that conjunctions are made of.
    func place(of item: Int) -> UInt16 { places[item] }

    /// By code, as far as the target has codes.
    func places(of dimension: Int) -> [UInt16] {
        numbers[dimension].map { $0 < joinedCount ? places[Int($0)] : 0 }
    }

    func term(_ item: Int) -> SliceTerm { dimensions[items[item].dimension].term(items[item].code) }

    /// What the units of a frame have of one dimension, as items.
    func codes(
        _ dimension: Int, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws -> DimensionCodes {
        let compared = dimensions[dimension]
        if let bands = compared.bands {
            return try DimensionCodes(compared.field, bands, frame, resolver)
        }
        return try DimensionCodes(
            ComparedValues(compared.field, frame, resolver),
            wanted: ordered[dimension].map { item in
                let code = items[item].code
                return (Array(compared.values[Int(code)]), code)
            })
    }

    /// The same as far as conjunctions are made of it.
    func column(
        _ dimension: Int, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws -> PlacedColumn {
        if let known = frame.keptColumn(dimension) { return known.placed }
        let codes = try codes(dimension, frame, resolver)
        let column = codes.column(places(of: dimension))
        if !codes.isPassing { return column }
        // Codes may be long lists, which nobody else keeps.
        let items = column.items
        frame.keep(items, dimension)
        return items.placed
    }

    /// Keeps what conjunctions are made of, of a dimension that would have to be resolved again for it.
    func keepColumn(_ dimension: Int, _ codes: DimensionCodes, _ frame: ComparedFrame) {
        guard codes.isPassing, !joined[dimension].isEmpty else { return }
        frame.keep(codes.column(places(of: dimension)).items, dimension)
    }
}
