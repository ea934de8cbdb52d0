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

    static let none = UInt32.max

    /// None.
    init() {
        dimensions = []
        items = []
        joinedCount = 0
        numbers = []
        ordered = []
    }

    /// - Parameters:
    ///   - least: units of the target that have a value at least.
    ///   - joinedLeast: the same of one that conjunctions are made of; nil if there are no conjunctions.
    init(_ target: TargetValues, least: Int, joinedLeast: Int?) {
        dimensions = target.dimensions
        var joined: [CompareItem] = []
        var others: [CompareItem] = []
        for (dimension, counts) in target.counts.enumerated() {
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
        var numbers = target.counts.map { [UInt32](repeating: Self.none, count: $0.count) }
        for (number, item) in items.enumerated() {
            numbers[item.dimension][Int(item.code)] = UInt32(number)
        }
        self.numbers = numbers
        ordered = target.dimensions.enumerated().map { dimension, compared in
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

    /// The dimensions of some of the items that conjunctions are made of.
    func dimensions(of isWanted: [Bool]) -> [Int] {
        var hasAny = [Bool](repeating: false, count: dimensions.count)
        for (item, isWanted) in isWanted.enumerated() where isWanted {
            hasAny[items[item].dimension] = true
        }
        return hasAny.indices.filter { hasAny[$0] }
    }

    func term(_ item: Int) -> SliceTerm { dimensions[items[item].dimension].term(items[item].code) }

    /// What the units of a frame have of one dimension, as items.
    func codes(
        _ dimension: Int, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws -> DimensionCodes {
        let compared = dimensions[dimension]
        let values = try ComparedValues(compared.field, frame, resolver)
        if let bands = compared.bands { return try DimensionCodes(values, bands) }
        return try DimensionCodes(
            values,
            wanted: ordered[dimension].map { item in
                let code = items[item].code
                return (Array(compared.values[Int(code)]), code)
            })
    }
}
