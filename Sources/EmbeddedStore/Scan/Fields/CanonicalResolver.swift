internal import Dimensions
internal import Spans
internal import Store

/// A source, and where it is looked for.
struct SourcePlace {
    let source: DimensionSource
    /// The scope or the resource; nil for the source's own place.
    let table: Table?
}

/// Finds the values of a canonical dimension: its sources in order of precedence, then what is derived
/// from other dimensions, then inheritance.
struct CanonicalResolver {
    private let dimension: Dimension
    private let fields: FieldResolver
    private var frame: any Frame { fields.frame }

    init(_ dimension: Dimension, _ fields: FieldResolver) {
        self.dimension = dimension
        self.fields = fields
    }

    func resolve() throws -> ResolvedField {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        let places = places
        if places.isEmpty, !dimension.isNeverNull { return builder.finished() }
        for place in places { try add(place, to: &builder) }
        if case .otherwise(let text)? = dimension.completion {
            for row in 0..<frame.spanCount where !builder.isSet(row) {
                builder.add(.text(text), row: row)
            }
        }
        var field = builder.finished()
        if let completion = dimension.completion {
            field = try FieldCompletion(fields).complete(field, completion)
        }
        if dimension.isInherited {
            field = Inheritance(parents: try frame.parentRows(), traceEnds: frame.traceEnds)
                .filled(field)
        }
        return field
    }

    /// For each row the place that its own value is from.
    func origins() throws -> [SourcePlace?] {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        var origins = [SourcePlace?](repeating: nil, count: frame.spanCount)
        for place in places {
            try add(place, to: &builder)
            for row in origins.indices where origins[row] == nil && builder.isSet(row) {
                origins[row] = place
            }
        }
        return origins
    }

    // MARK: Sources

    /// All places worth looking at, in order: what a span says itself, then its scope, then its resource.
    var places: [SourcePlace] { frame.keySet.sources.places(of: dimension) }

    private func add(_ place: SourcePlace, to builder: inout FieldBuilder) throws {
        if let table = place.table, case .attribute(let key) = place.source.origin {
            try add([key], table, place.source, to: &builder)
        } else {
            try add(place.source, to: &builder)
        }
    }

    private func add(_ source: DimensionSource, to builder: inout FieldBuilder) throws {
        switch source.origin {
        case .attribute(let key): try add([key], .span, source, to: &builder)
        case .resource(let key): try add([key], .resource, source, to: &builder)
        case .child(let key): try addFromChildren(key, source, to: &builder)
        case .indexed(let patterns, let joined):
            let keys = indexedKeys(patterns)
            if !keys.isEmpty { try addIndexed(keys, joined, source, to: &builder) }
        case .event(let key, let names):
            let places = EventValues(fields)
            guard places.hasKey(key) else { return }
            let values = try places.values(of: key, names: names)
            for (row, values) in values.sorted(by: { $0.key < $1.key })
            where !builder.isSet(row) {
                var read = values.flatMap { dimension.read($0, of: source) }
                if case .last = source.reading { read = Array(read.suffix(1)) }
                if !read.isEmpty { builder.add(read, row: row) }
            }
        case .eventTime(let name):
            let starts = try fields.starts(.span).starts
            let times = try EventValues(fields).firstTimes(of: name)
            for (row, time) in times.sorted(by: { $0.key < $1.key }) {
                builder.add(.double(max(0, Double(time - starts[row]) / 1e6)), row: row)
            }
        case .time(let key): try addTime(key, to: &builder)
        case .spanName: try add(SpanField.name, source, to: &builder)
        case .status:
            let read = [UInt64](0...2).map {
                dimension.read(.text(SpanWords.status($0)), of: source)
            }
            for (row, status) in try frame.numbers(SpanField.status).enumerated()
            where status < read.count && !read[Int(status)].isEmpty {
                builder.add(read[Int(status)], row: row)
            }
        case .statusMessage: try add(SpanField.statusMessage, source, to: &builder)
        case .keyTenant: try add(SpanField.keyTenant, source, to: &builder)
        }
    }

    private func add(
        _ keys: [String], _ place: Table, _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        if case .unlike(let name)? = source.condition {
            return try addUnlike(name, keys, place, source, to: &builder)
        }
        var wanted: [Bool]?
        for key in keys {
            for key in frame.keySet.attributes(key, in: place) {
                if wanted == nil { wanted = try SourceRows(fields).wanted(source) }
                // Texts are read only for rows that may take a value from them.
                if wanted?.contains(true) == false { return }
                if place == .span, source.reading.isCostly, try !isMissing(keys, in: builder) {
                    return
                }
                guard let column = try frame.column(key, withTexts: true) else { continue }
                builder.add(
                    column, rowOf: try fields.pointers(to: place), isWanted: wanted,
                    takesLists: source.reading.takesLists,
                    texts: dimension.takesTextsAsTheyAre(of: source) ? .plain : .asked
                ) { meaning($0, source) }
            }
        }
    }

    /// The values of a source where they differ from another dimension's.
    private func addUnlike(
        _ name: String, _ keys: [String], _ place: Table, _ source: DimensionSource,
        to builder: inout FieldBuilder
    ) throws {
        let keySet = frame.keySet
        guard keys.contains(where: { !keySet.attributes($0, in: place).isEmpty }) else { return }
        var part = FieldBuilder(rowCount: frame.spanCount)
        try add(keys, place, source.unconditional, to: &part)
        let other = try fields.resolve(Field(name), forComparison: false)
        let field = part.finished().combined(with: other) { value, other in
            other == .null || other == value ? nil : value
        }
        builder.add(field)
    }

    /// An attribute of a span's children, for the span.
    private func addFromChildren(
        _ key: String, _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        var part = FieldBuilder(rowCount: frame.spanCount)
        try add([key], .span, source.unconditional, to: &part)
        let field = part.finished()
        guard field.values.count > 0 else { return }
        let wanted = try SourceRows(fields).wanted(source)
        for (row, parent) in try frame.parentRows().enumerated()
        where parent >= 0 && field.codes[row] != 0 && wanted?[Int(parent)] != false {
            builder.add(field.firstValue(of: field.codes[row]), row: Int(parent))
        }
    }

    private func add(
        _ field: SpanField, _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        let key = ColumnKey(.span, .field, field.name, field.type)
        guard let column = try frame.column(key, withTexts: true) else { return }
        let wanted = try SourceRows(fields).wanted(source)
        builder.add(
            column, isWanted: wanted,
            texts: dimension.takesTextsAsTheyAre(of: source) ? .plain : .asked
        ) { meaning($0, source) }
    }

    private func meaning(_ value: GroupValue, _ source: DimensionSource) -> FieldBuilder.Meaning {
        let values = dimension.read(value, of: source)
        return switch values.count {
        case 0: .nothing
        case 1: .one(values[0])
        default: .several(values)
        }
    }

    // MARK: Flattened lists

    func indexedKeys(_ patterns: [IndexedKey]) -> [String] {
        var found: [(indices: [Int], name: String)] = []
        for key in frame.keys where key.table == .span && key.origin == .attribute {
            for pattern in patterns {
                if let indices = pattern.indices(of: key.name) { found.append((indices, key.name)) }
            }
        }
        found.sort { a, b in
            a.indices == b.indices
                ? a.name < b.name : a.indices.lexicographicallyPrecedes(b.indices)
        }
        // A key that comes in several types is in `keys` once for each.
        return found.enumerated().filter { index, key in
            index == 0 || found[index - 1].name != key.name
        }.map(\.element.name)
    }

    private func addIndexed(
        _ keys: [String], _ joined: Bool, _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        var values: [Int: [GroupValue]] = [:]
        for key in keys {
            if source.reading.isCostly, try !isMissing([key], in: builder) { continue }
            var part = FieldBuilder(rowCount: frame.spanCount)
            try add([key], .span, source, to: &part)
            let field = part.finished()
            for (row, code) in field.codes.enumerated() where code != 0 {
                field.forEachValue(of: code) {
                    values[row, default: []].append(field.values.value($0))
                }
            }
        }
        // In the order of rows, so that values are numbered alike each time.
        for (row, several) in values.sorted(by: { $0.key < $1.key }) {
            if joined {
                let texts = several.compactMap {
                    if case .text(let text) = $0 { text } else { nil }
                }
                builder.add(.text(texts.joined(separator: "\n")), row: row)
            } else {
                builder.add(several, row: row)
            }
        }
    }

    /// Whether some span that has one of these attributes has no value yet.
    private func isMissing(_ keys: [String], in builder: FieldBuilder) throws -> Bool {
        for key in keys {
            for key in frame.keySet.attributes(key, in: .span) {
                if let column = try frame.column(key, withTexts: false),
                    !builder.hasAll(column.presence)
                {
                    return true
                }
            }
        }
        return false
    }

    private func addTime(_ key: String, to builder: inout FieldBuilder) throws {
        let key = ColumnKey(.span, .attribute, key, .string)
        guard frame.keys.contains(key), let column = try frame.column(key, withTexts: true) else {
            return
        }
        let byCode = (0..<column.valueCount).map { code in
            // Old Langfuse SDKs quote the time twice.
            Timestamp.nanoseconds(column.strings.string(code).filter { $0 != "\"" })
        }
        let starts = try fields.starts(.span).starts
        column.presence.visit { row, entry in
            if let time = byCode[Int(column.codes[entry])] {
                builder.add(.double(max(0, Double(time - starts[row]) / 1e6)), row: row)
            }
        }
    }
}
