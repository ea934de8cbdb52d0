internal import Dimensions
internal import Spans
internal import Store

/// The dimensions that slices are made of, and those that are left out, each with its reason.
struct ComparedDimensions {
    private(set) var fields: [Field] = []
    private(set) var excluded: [ExcludedDimension] = []

    /// What a failure says of itself.
    private static let outcomes: Set<String> = [
        "status", "status_message", "error.type", "error.message",
    ]
    private static let identifiers: Set<String> = ["trace_id", "span_id", "parent_span_id"]
    private static let texts: Set<String> = ["prompt.text", "output.text"]

    init(_ query: CompareQuery, _ names: KnownNames, _ frames: [any Frame]) {
        if !query.by.isEmpty {
            fields = query.by
            return
        }
        let keySets = Self.keySets(frames)
        let known = Set(names.canonical)
        let canonical = known.subtracting(DimensionTable.synonyms.keys).sorted()
        let readBy = Self.readers(of: names.raw)
        let asked = Self.asked(query, readBy)
        for name in canonical where Self.mayHaveValues(name, keySets) {
            consider(Field(name), asked)
        }
        for key in names.raw.sorted() {
            let field = Field(key, scope: .attribute)
            if known.contains(key) || readBy[key] == key { continue }
            if let reader = readBy[key] {
                excluded.append(.init(field, "read as \(reader)"))
            } else if Self.isLong(key, frames) {
                excluded.append(.init(field, "long text"))
            } else {
                consider(field, asked)
            }
        }
    }

    private mutating func consider(_ field: Field, _ asked: Set<String>) {
        let name = field.name
        if Self.outcomes.contains(name) {
            excluded.append(.init(field, "the outcome itself"))
        } else if asked.contains(name) {
            excluded.append(.init(field, "the cohorts are made of it"))
        } else if Self.identifiers.contains(name) {
            excluded.append(.init(field, "no value is in two traces"))
        } else if name == "start_time" {
            excluded.append(.init(field, "time is what onset is about"))
        } else if Self.texts.contains(name) {
            excluded.append(.init(field, "long text"))
        } else {
            fields.append(field)
        }
    }

    /// The names of which the cohorts are made, in whatever spelling: they would explain themselves.
    private static func asked(_ query: CompareQuery, _ readBy: [String: String]) -> Set<String> {
        var names: Set<String> = []
        for field in query.cohorts.failure.fields.union(query.baseline?.fields ?? []) {
            // A score's number and its label are one.
            let name = field.name
            let score =
                name.hasPrefix("score.") && name.hasSuffix(".label")
                ? String(name.dropLast(".label".count)) : name
            names.formUnion([name, score])
            if score.hasPrefix("score.") { names.insert(score + ".label") }
            names.formUnion([DimensionTable.standard[name]?.name, readBy[name]].compactMap { $0 })
        }
        // One follows from the other.
        if !names.isDisjoint(with: toolOrder) { names.formUnion(toolOrder) }
        return names
    }

    private static let toolOrder: Set<String> = ["tool.sequence", "tool.pair"]

    /// By raw key the dimension that reads it on a span, of several the one that looks at it soonest.
    private static func readers(of raw: Set<String>) -> [String: String] {
        var readers: [String: (name: String, place: Int)] = [:]
        for dimension in DimensionTable.standard.dimensions {
            for (place, source) in dimension.sources.enumerated() where source.isAttribute {
                guard let key = source.key, raw.contains(key) else { continue }
                if place < readers[key]?.place ?? .max { readers[key] = (dimension.name, place) }
            }
        }
        return readers.mapValues(\.name)
    }

    private static func keySets(_ frames: [any Frame]) -> [KeySet] {
        var seen: Set<ObjectIdentifier> = []
        return frames.map(\.keySet).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    private static func mayHaveValues(_ name: String, _ keySets: [KeySet]) -> Bool {
        guard !DimensionTable.ofTraces.contains(name), let dimension = DimensionTable.standard[name]
        else { return true }
        return dimension.isNeverNull || keySets.contains { $0.sources.hasPlaces(dimension) }
    }

    /// Whether the values of a key are long texts, as merging would find.
    ///
    /// Merged segments say so: there texts lie apart. Of a key that only spans have which are not merged yet, the different
    /// values of all of them are taken together, as merging would.
    private static func isLong(_ key: String, _ frames: [any Frame]) -> Bool {
        var unmerged: [ColumnKey: DistinctTexts] = [:]
        var isMerged = false
        for frame in frames where !isMerged || frame.mayHavePooledTexts {
            for own in Table.keyed.flatMap({ frame.keySet.attributes(key, in: $0) })
            where ColumnCodec.mayHoldTexts(own) {
                // What cannot be read says so when it is counted.
                guard let column = try? frame.column(own, withTexts: false) else { continue }
                if column.lacksTexts { return true }
                if frame.mayHavePooledTexts {
                    isMerged = true
                } else {
                    unmerged[own, default: DistinctTexts()].add(column.strings)
                }
            }
        }
        return !isMerged && unmerged.values.contains { $0.areLong }
    }

    /// How many different texts there are, and of how many bytes.
    private struct DistinctTexts {
        private var hashes: Set<UInt64> = []
        private var bytes = 0

        var areLong: Bool { ColumnCodec.areTexts(values: hashes.count, bytes: bytes) }

        mutating func add(_ texts: StringTable) {
            for code in 0..<texts.count {
                texts.withValue(code) { text in
                    if hashes.insert(hashBytes(text)).inserted { bytes += text.count }
                }
            }
        }
    }
}

extension Field {
    /// Whether its values are numbers wherever a frame has any.
    func isNumeric(in keySet: KeySet) -> Bool {
        if scope == .any {
            if name == "duration" || name.hasPrefix("score.") && !name.hasSuffix(".label") {
                return true
            }
            if TraceDimensions.names.contains(name) { return true }
            if let dimension = DimensionTable.standard[name] {
                if case .number = dimension.kind { return true }
                return false
            }
        }
        let columns = Table.keyed.flatMap { keySet.attributes(name, in: $0) }
        return columns.allSatisfy { $0.type == .int || $0.type == .double }
    }
}
