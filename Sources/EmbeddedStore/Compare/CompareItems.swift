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

    static let none = UInt32.max

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
    }

    /// By code, as far as the target has codes.
    func numbers(of dimension: Int) -> [UInt32] { numbers[dimension] }

    /// Whether conjunctions are made of a dimension.
    func hasJoined(_ dimension: Int) -> Bool {
        items[..<joinedCount].contains { $0.dimension == dimension }
    }

    func term(_ item: Int) -> SliceTerm { dimensions[items[item].dimension].term(items[item].code) }

    /// What the units of a frame have of one dimension, as items.
    func codes(
        _ dimension: Int, _ frame: ComparedFrame, _ resolver: FieldResolver
    ) throws -> DimensionCodes {
        let compared = dimensions[dimension]
        let values = try UnitValues(compared.field, frame.unit, resolver)
        if let bands = compared.bands { return DimensionCodes(values, bands) }
        let wanted = items.indices.filter { items[$0].dimension == dimension }
        return DimensionCodes(
            values,
            wanted: wanted.map { item in
                let code = items[item].code
                return (Array(compared.values[Int(code)]), code)
            })
    }
}
