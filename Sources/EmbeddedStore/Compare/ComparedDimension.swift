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
        bands == nil ? codes.sorted { precedes(UInt32($0), UInt32($1)) } : codes
    }

    /// Whether a value comes before another.
    func precedes(_ code: UInt32, _ other: UInt32) -> Bool {
        values.withValue(Int(code)) { value in
            values.withValue(Int(other)) { bytesPrecede(value, $0) }
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
            return try numeric.map { try Numbers.of($0, frame, resolver) }
        }
        var bands: [Field: NumberBands] = [:]
        for (index, field) in numeric.enumerated() {
            var all = Numbers()
            for part in parts { all.merge(part[index]) }
            let cut = all.counts.bands
            // Numbers that differ by less than can be cut are values of their own.
            if all.areMany, !cut.cuts.isEmpty { bands[field] = cut }
        }
        return fields.map { ComparedDimension($0, bands: bands[$0]) }
    }

    /// The numbers that the units of some frames have of a dimension.
    private struct Numbers: MemorySized {
        private(set) var counts = NumberBands.Counts()
        /// Up to as many as are values of their own.
        private var distinct: Set<Double> = []

        var areMany: Bool { distinct.count > NumberBands.valuesMax }

        init() {}

        var byteCount: Int { counts.byteCount + distinct.count * 16 }

        /// Where all of a frame are compared, their numbers stay with it.
        static func of(
            _ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver
        ) throws -> Numbers {
            guard case .all = frame.selection else { return try Numbers(field, frame, resolver) }
            let name = "compared \(frame.unit) numbers of \(field.scope) \(field.name)"
            return try frame.fields.kept(name, for: field) {
                try Numbers(field, frame, resolver)
            }
        }

        private init(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
            if let durations = try UnitDurations(field, frame, resolver) {
                frame.selection.visit { _, unit in
                    let number = durations.milliseconds[unit]
                    counts.add(number, 1)
                    add(number)
                }
                return
            }
            if let stored = try frame.counted(field, resolver.control) {
                try stored.visitGroups { _, key, tally in
                    if let value = GroupKey.onlyValue(of: key) { add(value, tally.count) }
                }
                return
            }
            let values = try ComparedValues(field, frame, resolver)
            var tallies = [Int](repeating: 0, count: values.valueCount + 1)
            tallies.withUnsafeMutableBufferPointer { tallies in
                values.reading { codes in
                    frame.selection.visit { _, unit in
                        codes.visit(unit) { tallies[Int($0)] &+= 1 }
                    }
                }
            }
            let present = tallies.indices.dropFirst().filter { tallies[$0] > 0 }
            try values.visit(present) { code, tagged in add(tagged, tallies[code]) }
        }

        /// - Parameter tagged: a value's tag and bytes.
        private mutating func add(_ tagged: UnsafeRawBufferPointer, _ count: Int) {
            guard let number = Number(ValueTable.value(tagged))?.double else { return }
            counts.add(number, count)
            add(number)
        }

        private mutating func add(_ number: Double) { if !areMany { distinct.insert(number) } }

        mutating func merge(_ other: Numbers) {
            counts.merge(other.counts)
            for number in other.distinct { add(number) }
        }
    }
}
