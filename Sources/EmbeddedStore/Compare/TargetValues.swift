internal import Spans
internal import Store

/// Everything that the units of the target have: by dimension and unit.
///
/// The target is small, mostly some hundredths of all, so it is held, and what conjunctions it has is counted on it; the others
/// are only ever counted.
struct TargetValues {
    private(set) var dimensions: [ComparedDimension]
    /// By dimension, the codes of each unit of the target, those of all frames one after the other.
    private(set) var codes: [UnitCodes]
    /// By dimension and code, how many units of the target have it.
    private(set) var counts: [[Int]]
    /// By dimension, how many values the units of all frames have at most, and how many one unit has at most.
    private(set) var extents: [ValueExtent]
    /// When each unit of the target began.
    let starts: [Int64]
    /// Of spans the trace of each; nil if units are traces.
    let traces: [UInt32]?

    init(
        _ dimensions: [ComparedDimension], _ population: Population, _ control: ScanControl
    ) throws {
        self.dimensions = dimensions
        let parts = try Scanner.parallel(population.frames) {
            try Part(dimensions, $0, $0.passing(population.keepsNothing), control)
        }
        starts = parts.flatMap(\.starts)
        traces = Self.traces(parts)
        codes = []
        counts = []
        extents = []
        for index in dimensions.indices {
            var lists = UnitLists()
            for part in parts {
                let own = part.values[index]
                let numbers: [UInt32]? =
                    dimensions[index].bands == nil
                    ? (0..<own.dictionary.count).map { value in
                        own.dictionary.withValue(value) {
                            self.dimensions[index].values.code(of: $0)
                        }
                    } : nil
                lists.append(own.lists) { numbers?[Int($0)] ?? $0 }
            }
            var counts: [Int] = []
            for code in lists.codes {
                if Int(code) >= counts.count {
                    counts += repeatElement(0, count: Int(code) + 1 - counts.count)
                }
                counts[Int(code)] += 1
            }
            try control.reserve(counts.count * 8, .cohorts)
            codes.append(lists.finished)
            self.counts.append(counts)
            let own = parts.map(\.values[index].extent)
            if let first = own.first {
                extents.append(own.dropFirst().reduce(first) { $0.merged(with: $1) })
            }
        }
        // All has been put together, so the parts go.
        control.release(parts.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.byteCount } })
    }

    /// The traces of the target's units, numbered as they come.
    private static func traces(_ parts: [Part]) -> [UInt32]? {
        var numbers: [UInt32] = []
        var count: UInt32 = 0
        for part in parts {
            guard let own = part.traces else { return nil }
            var last = UInt32.max
            for trace in own {
                if trace != last { count += 1 }
                last = trace
                numbers.append(count)
            }
        }
        return numbers
    }

    /// So many units of the target a value has at least, for no more than so many values to have as many.
    func joinedLeast(itemsMax: Int) -> Int {
        let all = counts.joined().sorted(by: >)
        return all.count > itemsMax ? all[itemsMax] + 1 : 0
    }

    /// The dimensions that name units instead of saying something of them: the target has many values, and none twice, so
    /// that no slice of them can stand out.
    var identifiers: [ExcludedDimension] {
        if starts.count < Self.identifiersMin { return [] }
        return dimensions.indices.filter {
            dimensions[$0].bands == nil && counts[$0].count >= Self.identifiersMin
                && counts[$0].allSatisfy { $0 < 2 }
        }.map { ExcludedDimension(dimensions[$0].field, "no value is in two units of the target") }
    }

    private static let identifiersMin = 8

    /// What the target's units of one frame have.
    private struct Part: Sendable {
        struct Values: Sendable {
            /// What codes mean; of numbers in bands nothing.
            var dictionary = ByteDictionary()
            var lists = UnitLists()
            var extent: ValueExtent

            var byteCount: Int { lists.byteCount + dictionary.byteCount }

            init(_ extent: ValueExtent) { self.extent = extent }
        }

        var values: [Values] = []
        let starts: [Int64]
        /// Of spans the frame's number of each one's trace.
        let traces: [UInt32]?

        init(
            _ dimensions: [ComparedDimension], _ frame: ComparedFrame, _ resolver: FieldResolver,
            _ control: ScanControl
        ) throws {
            let all =
                frame.unit == .trace
                ? try frame.traceTimes(resolver).starts.starts
                : try resolver.starts(.span).starts
            starts = frame.targets.map { all[Int($0)] }
            traces = try frame.traceOf(resolver).map { traceOf in
                frame.targets.map { traceOf[Int($0)] }
            }
            for dimension in dimensions {
                try control.check()
                let own = try Self.values(dimension, frame, resolver)
                // Twice: once more when the frames' are put together.
                try control.reserve(own.byteCount * 2, .cohorts)
                values.append(own)
            }
        }

        private static func values(
            _ dimension: ComparedDimension, _ frame: ComparedFrame, _ resolver: FieldResolver
        ) throws -> Values {
            if let bands = dimension.bands {
                let codes = try DimensionCodes(dimension.field, bands, frame, resolver)
                var part = Values(ValueExtent(bands, longest: codes.longest(frame.selection)))
                codes.reading { codes in
                    for unit in frame.targets {
                        codes.visit(Int(unit)) { part.lists.append($0) }
                        part.lists.endUnit()
                    }
                }
                return part
            }
            let values = try ComparedValues(dimension.field, frame, resolver)
            var part = Values(ValueExtent(longest: values.longest(frame.selection)))
            var isUsed = [Bool](repeating: false, count: values.valueCount + 1)
            values.reading { codes in
                for unit in frame.targets { codes.visit(Int(unit)) { isUsed[Int($0)] = true } }
            }
            var known = [UInt32](repeating: 0, count: isUsed.count)
            if isUsed[0] {
                known[0] = part.dictionary.code(of: UnsafeRawBufferPointer(start: nil, count: 0))
            }
            try values.visit(isUsed.indices.dropFirst().filter { isUsed[$0] }) { own, tagged in
                known[own] = part.dictionary.code(of: tagged)
            }
            values.reading { codes in
                for unit in frame.targets {
                    codes.visit(Int(unit)) { part.lists.append(known[Int($0)]) }
                    part.lists.endUnit()
                }
            }
            return part
        }
    }
}

/// How many different values the compared units can have. It says the same however frames divide them.
struct ValueExtent: Hashable, Sendable {
    /// nil if only the number of units bounds them.
    let values: Int?
    /// Of one unit.
    private(set) var longest: Int

    init(longest: Int) {
        values = nil
        self.longest = longest
    }

    /// - Parameter longest: how many numbers a unit has at most.
    init(_ bands: NumberBands, longest: Int) {
        let ranges = bands.ranges.count + 1
        values = ranges
        // A number is in its band, and above or below each cut.
        self.longest = longest > 1 ? ranges : bands.count
    }

    func merged(with other: ValueExtent) -> ValueExtent {
        var merged = self
        merged.longest = max(longest, other.longest)
        return merged
    }
}

/// For each of some units a list of codes.
struct UnitLists: Sendable {
    private(set) var ends: [UInt32] = []
    private(set) var codes: [UInt32] = []

    var count: Int { ends.count }
    var byteCount: Int { ends.count * 4 + codes.count * 4 }

    /// All of them, in as little room as they need.
    var finished: UnitCodes {
        let areSingle = ends.indices.allSatisfy { Int(ends[$0]) == $0 + 1 }
        return UnitCodes(ends: areSingle ? [] : ends, codes: Codes(codes))
    }

    mutating func append(_ code: UInt32) { codes.append(code) }

    mutating func endUnit() { ends.append(UInt32(codes.count)) }

    mutating func append(_ other: UnitLists, _ number: (UInt32) -> UInt32) {
        let first = UInt32(codes.count)
        codes.append(contentsOf: other.codes.lazy.map(number))
        ends.append(contentsOf: other.ends.lazy.map { first + $0 })
    }
}
