internal import Spans
internal import Store

/// Answers a slices query over one frame, in two steps.
///
/// First it is settled which units count, which groups each belongs to, and how many units and failures
/// each group has: all that choosing rows needs. Then figures are summed (`FigureSums`), for chosen groups
/// each and for all others together, over flat arrays.
struct SliceScan: Sendable {
    let query: SliceQuery
    let frame: any Frame
    let units: MatchedUnits
    let values: [UnitValues]
    let groups: UnitGroups
    private let fields: FieldResolver
    /// By group.
    let tallies: [Tally]
    let droppedUpstream: Int

    init(
        _ query: SliceQuery, _ fields: FieldResolver, percentiles: [Double: Double]
    ) throws {
        self.query = query
        self.fields = fields
        frame = fields.frame
        let units = try MatchedUnits(query, fields, percentiles: percentiles)
        self.units = units
        var values: [UnitValues] = []
        for field in query.by {
            values.append(try UnitValues(field, query.unit, fields))
        }
        self.values = values
        let groups = try UnitGroups(values, units.selection, fields.control)
        self.groups = groups
        tallies = groups.tallies(units.hasFailed)
        droppedUpstream = try units.droppedUpstream(frame)
    }

    /// Calls `body` with a group's values as bytes that are equal in every frame.
    func withKey<R>(_ group: Int, _ scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> R)
        -> R
    {
        groups.withCodes(of: group) { GroupKey.write($0, values, &scratch) }
        return scratch.withUnsafeBytes(body)
    }

    /// The numbers and distinct values that a plan wants.
    func inputs(_ plan: FigurePlan) throws -> FigureInputs {
        FigureInputs(
            numbers: try plan.numbers.map {
                try UnitNumbers($0.field, query.unit, fields)
            },
            distinct: try plan.distinct.map { try UnitValues($0, query.unit, fields) })
    }

    /// What the model calls of each unit used.
    func usage() throws -> UnitUsage { try UnitUsage(query.unit, values, fields) }
}

/// The values of a group as bytes: each tagged value with its length before it, 0 for null.
enum GroupKey {
    static func write(
        _ codes: UnsafeBufferPointer<UInt32>, _ values: [UnitValues], _ key: inout [UInt8]
    ) {
        key.removeAll(keepingCapacity: true)
        for index in codes.indices {
            values[index].field.values.append(codes[index], to: &key)
        }
    }

    /// The tag and bytes of the one value that a key was made of; nil for null.
    static func onlyValue(of key: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var reader = ByteReader(key)
        guard let length = try? reader.count(atMost: reader.remaining), length > 0 else {
            return nil
        }
        return try? reader.take(length)
    }

    /// The order of single values by their bytes; of others any.
    static func precedes(_ key: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard let other = onlyValue(of: other) else { return false }
        return onlyValue(of: key).map { bytesPrecede($0, other) } ?? true
    }

    /// The values that a key was made of.
    static func values(of key: UnsafeRawBufferPointer, count: Int) -> [GroupValue] {
        var reader = ByteReader(key)
        return (0..<count).map { _ in
            guard let length = try? reader.count(atMost: reader.remaining),
                let tagged = try? reader.take(length)
            else { return .null }
            return ValueTable.value(tagged)
        }
    }
}
