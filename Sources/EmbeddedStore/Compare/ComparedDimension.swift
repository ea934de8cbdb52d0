internal import Spans
internal import Store

/// One dimension, and the numbering of what units have of it.
struct ComparedDimension: Sendable {
    let field: Field
    /// Of numbers, of which there are many.
    let bands: NumberBands?
    /// Otherwise the values that the target has, each as its tag and bytes; of null those of nothing.
    var values = ByteDictionary()

    init(_ field: Field, bands: NumberBands?) {
        self.field = field
        self.bands = bands
    }

    /// What a code says.
    func term(_ code: UInt32) -> SliceTerm {
        guard let bands else {
            return SliceTerm(field, .value(values.withValue(Int(code)) { ValueTable.value($0) }))
        }
        let ranges = bands.ranges
        guard Int(code) < ranges.count else { return SliceTerm(field, .value(.null)) }
        let bounds = bands.bounds(of: ranges[Int(code)])
        return SliceTerm(field, .band(from: bounds.from, to: bounds.to))
    }

    /// Codes in the order of their values: they are numbered as frames come.
    func sorted(_ codes: [Int]) -> [Int] {
        if bands != nil { return codes }
        return codes.sorted { code, other in
            values.withValue(code) { value in values.withValue(other) { bytesPrecede(value, $0) } }
        }
    }

    /// Whether conjunctions are made of a code: of numbers only of single bands.
    func isJoined(_ code: UInt32) -> Bool {
        bands.map { Int(code) < $0.count || Int(code) == $0.ranges.count } ?? true
    }
}

extension ComparedDimension {
    /// Finds out which of some dimensions are numbers of which there are many, and how they are cut.
    static func all(
        _ fields: [Field], _ population: Population
    ) throws -> [ComparedDimension] {
        let numeric = fields.filter { field in
            population.frames.allSatisfy { field.isNumeric(in: $0.frame.keySet) }
        }
        let parts = try Scanner.parallel(population.frames) { frame in
            let resolver = frame.passing(population.keepsNothing)
            return try numeric.map { try Numbers($0, frame, resolver) }
        }
        var bands: [Field: NumberBands] = [:]
        for (index, field) in numeric.enumerated() {
            var all = Numbers()
            for part in parts { all.merge(part[index]) }
            if all.areMany { bands[field] = all.counts.bands }
        }
        return fields.map { ComparedDimension($0, bands: bands[$0]) }
    }

    /// The numbers that the units of some frames have of a dimension.
    private struct Numbers: Sendable {
        private(set) var counts = NumberBands.Counts()
        /// Up to as many as are values of their own.
        private var distinct: Set<Double> = []

        var areMany: Bool { distinct.count > NumberBands.valuesMax }

        init() {}

        init(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
            let values = try UnitValues(field, frame.unit, resolver)
            let table = values.field.values
            var tallies = [Int](repeating: 0, count: table.count + 1)
            frame.selection.visit { _, unit in
                for code in values.codes(of: unit) { tallies[Int(code)] += 1 }
            }
            for (code, count) in tallies.enumerated().dropFirst() where count > 0 {
                guard let number = Number(table.value(UInt32(code)))?.double else { continue }
                counts.add(number, count)
                add(number)
            }
        }

        private mutating func add(_ number: Double) { if !areMany { distinct.insert(number) } }

        mutating func merge(_ other: Numbers) {
            counts.merge(other.counts)
            for number in other.distinct { add(number) }
        }
    }
}
