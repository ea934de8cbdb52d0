internal import Dimensions
internal import Spans
internal import Store

/// Finds the values of a canonical dimension: its sources in order of precedence, then what is derived
/// from other dimensions, then inheritance.
struct CanonicalResolver {
    private let dimension: Dimension
    private let fields: FieldResolver
    private let times: FrameTimes
    private var frame: any Frame { fields.frame }

    init(_ dimension: Dimension, _ fields: FieldResolver, _ times: FrameTimes) {
        self.dimension = dimension
        self.fields = fields
        self.times = times
    }

    func resolve() throws -> ResolvedField {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        for source in dimension.sources { try add(source, to: &builder) }
        if case .otherwise(let text)? = dimension.completion {
            for row in 0..<frame.spanCount where !builder.isSet(row) {
                builder.add(.text(text), row: row)
            }
        }
        var field = builder.finished()
        switch dimension.completion {
        case .prefixed(let name): field = try prefixed(field, by: name)
        case .includingCached(let name): field = try includingCached(field, name)
        case .otherwise, nil: break
        }
        if dimension.isInherited {
            Inheritance(parents: try frame.parentRows(), traceEnds: frame.traceEnds).fill(&field)
        }
        return field
    }

    // MARK: Sources

    private func add(_ source: DimensionSource, to builder: inout FieldBuilder) throws {
        switch source.origin {
        case .attribute(let key):
            try add(key, [.span, .resource, .scope], source, to: &builder)
        case .resource(let key): try add(key, [.resource], source, to: &builder)
        case .indexed(let patterns, let joined):
            let keys = indexedKeys(patterns)
            if !keys.isEmpty { try addIndexed(keys, joined, source, to: &builder) }
        case .event(let key, let names):
            let places = EventValues(fields)
            guard places.hasKey(key) else { return }
            for (row, values) in try places.values(of: key, names: names) {
                var read = values.flatMap { dimension.read($0, of: source) }
                if case .last = source.reading { read = Array(read.suffix(1)) }
                if !read.isEmpty { builder.add(read, row: row) }
            }
        case .eventTime(let name):
            for (row, time) in try EventValues(fields).firstTimes(of: name) {
                builder.add(.double(max(0, Double(time - times.starts[row]) / 1e6)), row: row)
            }
        case .time(let key): try addTime(key, to: &builder)
        case .spanName: try add(SpanField.name, source, to: &builder)
        case .statusMessage: try add(SpanField.statusMessage, source, to: &builder)
        case .keyTenant: try add(SpanField.keyTenant, source, to: &builder)
        }
    }

    private func add(
        _ key: String, _ places: [Table], _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        var wanted: [Bool]?
        for place in places {
            for type in ValueType.allCases {
                let key = ColumnKey(place, .attribute, key, type)
                guard frame.keys.contains(key), let column = try frame.column(key, withTexts: true)
                else { continue }
                if wanted == nil { wanted = try rowsWanted(source) }
                builder.add(
                    column, rowOf: try fields.pointers(to: place), isWanted: wanted,
                    takesLists: source.reading.takesLists
                ) { meaning($0, source) }
            }
        }
    }

    private func add(
        _ field: SpanField, _ source: DimensionSource, to builder: inout FieldBuilder
    ) throws {
        let key = ColumnKey(.span, .field, field.name, field.type)
        guard let column = try frame.column(key, withTexts: true) else { return }
        builder.add(column, isWanted: try rowsWanted(source)) { meaning($0, source) }
    }

    private func meaning(_ value: GroupValue, _ source: DimensionSource) -> FieldBuilder.Meaning {
        let values = dimension.read(value, of: source)
        return switch values.count {
        case 0: .nothing
        case 1: .one(values[0])
        default: .several(values)
        }
    }

    /// The rows for which a source counts; nil for all.
    private func rowsWanted(_ source: DimensionSource) throws -> [Bool]? {
        if let companion = source.companion {
            var rows = [Bool](repeating: false, count: frame.spanCount)
            for type in ValueType.allCases {
                let key = ColumnKey(.span, .attribute, companion, type)
                if frame.keys.contains(key), let column = try frame.column(key, withTexts: false) {
                    column.presence.visit { row, _ in rows[row] = true }
                }
            }
            return rows
        }
        if source.operationKinds.isEmpty { return nil }
        let kind = try fields.resolve(Field("operation.kind"), times, forComparison: false)
        let wanted = (0..<UInt32(kind.codeCount)).map { code in
            var found = false
            kind.forEachValue(of: code) { value in
                if case .text(let name) = kind.values.value(value) {
                    found = found || source.operationKinds.contains(name)
                }
            }
            return found
        }
        return kind.codes.map { wanted[Int($0)] }
    }

    // MARK: Flattened lists

    private func indexedKeys(_ patterns: [IndexedKey]) -> [String] {
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
            var part = FieldBuilder(rowCount: frame.spanCount)
            try add(key, [.span], source, to: &part)
            let field = part.finished()
            for (row, code) in field.codes.enumerated() where code != 0 {
                field.forEachValue(of: code) {
                    values[row, default: []].append(field.values.value($0))
                }
            }
        }
        for (row, several) in values {
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

    private func addTime(_ key: String, to builder: inout FieldBuilder) throws {
        let key = ColumnKey(.span, .attribute, key, .string)
        guard frame.keys.contains(key), let column = try frame.column(key, withTexts: true) else {
            return
        }
        let byCode = (0..<column.valueCount).map { code in
            // Old Langfuse SDKs quote the time twice.
            Timestamp.nanoseconds(column.strings.string(code).filter { $0 != "\"" })
        }
        column.presence.visit { row, entry in
            if let time = byCode[Int(column.codes[entry])] {
                builder.add(.double(max(0, Double(time - times.starts[row]) / 1e6)), row: row)
            }
        }
    }

    // MARK: Completion

    private func prefixed(_ field: ResolvedField, by name: String) throws -> ResolvedField {
        guard let dimension = DimensionTable.standard[name] else { return field }
        // The name beside it on the same span, not an inherited one.
        let names = try CanonicalResolver(dimension.withoutInheritance, fields, times).resolve()
        return field.combined(with: names) { version, name in
            guard case .text(let version) = version else { return nil }
            guard case .text(let name) = name, !version.hasPrefix(name + "@") else {
                return .text(version)
            }
            return .text("\(name)@\(version)")
        }
    }

    private func includingCached(_ field: ResolvedField, _ name: String) throws -> ResolvedField {
        let cached = try fields.resolve(Field(name), times, forComparison: false)
        return field.combined(with: cached) { input, cached in
            guard case .integer(let input) = input, case .integer(let cached) = cached,
                cached > input
            else { return input }
            return .integer(input + cached)
        }
    }
}

extension ResolvedField {
    /// For each row one value of this field and of another; each combination is looked at once.
    fileprivate func combined(
        with other: ResolvedField, _ combine: (GroupValue, GroupValue) -> GroupValue?
    ) -> ResolvedField {
        var table = ValueTable()
        var known: [UInt64: UInt32] = [:]
        let combined = codes.indices.map { row -> UInt32 in
            if codes[row] == 0 { return 0 }
            let pair = UInt64(codes[row]) << 32 | UInt64(other.codes[row])
            if let code = known[pair] { return code }
            let code =
                combine(firstValue(of: codes[row]), other.firstValue(of: other.codes[row]))
                .map { table.code($0) } ?? 0
            known[pair] = code
            return code
        }
        return ResolvedField(codes: combined, values: table, lists: nil)
    }

    func firstValue(of code: UInt32) -> GroupValue {
        var first: UInt32 = 0
        forEachValue(of: code) { if first == 0 { first = $0 } }
        return values.value(first)
    }
}
