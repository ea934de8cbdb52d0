internal import Dimensions
internal import Spans
internal import Store

/// Evaluates comparisons with long texts over a merged segment in the pools where they lie, and writes out only those
/// texts that need it.
///
/// The values that a field has on each row are the same as those of `CanonicalResolver` and `FieldResolver`, which write
/// all of them out. Where a comparison or a field is of another kind, the answer is nil, and they are to be asked.
struct TextConditions {
    private let fields: FieldResolver
    private let comparison: Comparison
    private let probe: TextProbe
    private let test: LiteralTest
    private var frame: any Frame { fields.frame }

    /// - Returns: for each row whether the comparison holds; nil if that must be found out otherwise.
    static func rows(
        _ comparison: Comparison, _ fields: FieldResolver,
        percentiles: [Double: Double]
    ) throws -> [Bool]? {
        guard fields.frame.mayHavePooledTexts, let probe = try TextProbe(comparison) else {
            return nil
        }
        return try TextConditions(
            fields: fields, comparison: comparison, probe: probe,
            test: LiteralTest(comparison, percentiles: percentiles)
        ).rows()
    }

    private func rows() throws -> [Bool]? {
        let field = comparison.field
        switch field.scope {
        case .any, .root:
            let found =
                if let dimension = DimensionTable.standard[field.name] {
                    try field.isLongText && hasPool(dimension) ? canonical(dimension) : nil
                } else {
                    try isRaw(field.name) ? raw(field.name, [.span, .resource, .scope]) : nil
                }
            return try found.map { field.scope == .root ? try ofRoot($0.holds) : $0.holds }
        case .span: return try raw(field.name, [.span])?.holds
        case .attribute: return try raw(field.name, [.span, .resource, .scope])?.holds
        case .resource, .scope, .event: return nil
        }
    }

    /// Whether a name is that of no intrinsic, no dimension of traces and no score.
    private func isRaw(_ name: String) -> Bool {
        !FieldResolver.intrinsics.contains(name) && !DimensionTable.ofTraces.contains(name)
            && !name.hasPrefix("score")
    }

    private func ofRoot(_ holds: [Bool]) throws -> [Bool] {
        let rootRows = try fields.traceTimes().rootRows
        var result = [Bool](repeating: false, count: holds.count)
        for trace in 0..<frame.traceCount where rootRows[trace] >= 0 {
            let holds = holds[Int(rootRows[trace])]
            if holds { for row in frame.rows(of: trace) { result[row] = true } }
        }
        return result
    }

    private func hasPool(_ dimension: Dimension) throws -> Bool {
        for source in dimension.sources {
            switch source.origin {
            case .attribute(let key): if try hasPool(key) { return true }
            case .indexed(let patterns, _):
                let keys = CanonicalResolver(dimension, fields).indexedKeys(patterns)
                if try keys.contains(where: hasPool) { return true }
            default: break
            }
        }
        return false
    }

    private func hasPool(_ key: String) throws -> Bool {
        let key = ColumnKey(.span, .attribute, key, .string)
        return try frame.keys.contains(key) && frame.column(key, withTexts: false)?.texts == .pooled
    }

    // MARK: Rows

    /// What is known of each row.
    private struct Rows {
        /// It has a value.
        var isSet: [Bool]
        /// The comparison holds for it.
        var holds: [Bool]

        init(count: Int) {
            isSet = [Bool](repeating: false, count: count)
            holds = isSet
        }

        /// The first source that has a value wins.
        mutating func set(_ row: Int, _ holds: Bool) {
            if isSet[row] { return }
            isSet[row] = true
            self.holds[row] = holds
        }

        mutating func set(_ other: Rows) {
            for row in isSet.indices where other.isSet[row] { set(row, other.holds[row]) }
        }
    }

    private func canonical(_ dimension: Dimension) throws -> Rows? {
        guard let places = plainPlaces(of: dimension) else { return nil }
        var rows = Rows(count: frame.spanCount)
        for place in places {
            try fields.control.check()
            guard try add(place, of: dimension, to: &rows) else { return nil }
        }
        if case .afterInstructions? = dimension.completion {
            return try afterInstructions(rows)
        }
        return dimension.completion == nil && !dimension.isInherited ? rows : nil
    }

    /// Its places, if they count on every span and their texts are read as they are.
    private func plainPlaces(of dimension: Dimension) -> [SourcePlace]? {
        let isPlain = dimension.sources.allSatisfy { source in
            if case .some = source.condition { return false }
            guard source.operationKinds.isEmpty, source.path.isEmpty else {
                return false
            }
            return switch source.reading {
            case .plain, .whole: true
            default: false
            }
        }
        return isPlain && dimension.kind == .text
            ? CanonicalResolver(dimension, fields).places : nil
    }

    /// - Returns: false if it is not known how.
    private func add(
        _ place: SourcePlace, of dimension: Dimension, to rows: inout Rows
    ) throws -> Bool {
        let source = place.source
        let reading = Reading(test: test, takesLists: source.reading.takesLists) {
            dimension.read($0, of: source)
        }
        switch source.origin {
        case .attribute(let key): return try add(key, place.table ?? .span, reading, to: &rows)
        case .resource(let key): return try add(key, .resource, reading, to: &rows)
        case .indexed(let patterns, let joined):
            let keys = CanonicalResolver(dimension, fields).indexedKeys(patterns)
            return try keys.isEmpty || joined && addJoined(keys, reading, to: &rows)
        // Texts of events are written out, and the general way keeps them for the next question.
        case .event(let key, _): return !EventValues(fields).hasKey(key)
        default: return false
        }
    }

    /// Parts of a text that lie under keys of their own, joined by line feeds.
    private func addJoined(_ keys: [String], _ reading: Reading, to rows: inout Rows) throws -> Bool
    {
        if probe.seesJoints { return false }
        var joined = Rows(count: frame.spanCount)
        for key in keys {
            var part = Rows(count: frame.spanCount)
            guard try add(key, .span, reading, to: &part) else { return false }
            for row in part.isSet.indices where part.isSet[row] {
                join(row, part.holds[row], to: &joined)
            }
        }
        rows.set(joined)
        return true
    }

    /// Puts another part behind what the row has.
    private func join(_ row: Int, _ holds: Bool, to rows: inout Rows) {
        guard rows.isSet[row] else { return rows.set(row, holds) }
        switch probe {
        case .contains: rows.holds[row] = rows.holds[row] || holds
        case .startsWith: break
        // A text without line feeds is no joined one.
        case .equal, .pattern: rows.holds[row] = false
        }
    }

    /// A prompt begins with its system instructions, where these are sent apart.
    private func afterInstructions(_ rows: Rows) throws -> Rows? {
        guard let instructions = try canonical(DimensionTable.systemInstructions) else {
            return nil
        }
        guard instructions.isSet.contains(true) else { return rows }
        // Instructions that are the whole text are not repeated, so equality is not settled by the parts.
        if case .equal = probe { return nil }
        if probe.seesJoints { return nil }
        var result = rows
        for row in rows.isSet.indices where rows.isSet[row] && instructions.isSet[row] {
            result.holds[row] = instructions.holds[row]
            if case .contains = probe { result.holds[row] = rows.holds[row] || result.holds[row] }
        }
        return result
    }

    private func raw(_ name: String, _ places: [Table]) throws -> Rows? {
        guard try hasPool(name) else { return nil }
        var rows = Rows(count: frame.spanCount)
        let reading = Reading(test: test, takesLists: false, read: nil)
        for place in places {
            guard try add(name, place, reading, to: &rows) else { return nil }
        }
        return rows
    }

    // MARK: Columns

    /// What a value of a column counts as.
    private struct Reading {
        let test: LiteralTest
        let takesLists: Bool
        /// nil: as it is.
        let read: ((GroupValue) -> [GroupValue])?

        /// Whether it has a value at all, and whether the comparison holds.
        func result(_ value: GroupValue) -> (isSet: Bool, holds: Bool) {
            let values = read?(value) ?? [value]
            return (!values.isEmpty, values.contains(where: test.matches))
        }
    }

    /// - Returns: false if the key's values are lists that are looked at element by element.
    private func add(
        _ key: String, _ table: Table, _ reading: Reading, to rows: inout Rows
    ) throws -> Bool {
        for type in ValueType.allCases where type != .empty {
            let key = ColumnKey(table, .attribute, key, type)
            guard frame.keys.contains(key), let column = try frame.column(key, withTexts: false)
            else { continue }
            if !reading.takesLists, type == .array || type == .strings { return false }
            // Structures count as the JSON that they are written as, which takes long: the general way keeps it.
            if column.texts == .pooled, type != .string { return false }
            let (isSet, holds) = try results(column, reading)
            let codes =
                key.type.isCoded ? column.codes : (0..<UInt32(column.numbers.count)).map { $0 }
            let pointers = try fields.pointers(to: table)
            if let pointers {
                var entries = [Int32](repeating: -1, count: frame.rowCount(table))
                column.presence.visit { row, entry in entries[row] = Int32(entry) }
                for (row, pointer) in pointers.enumerated()
                where pointer >= 0 && Int(pointer) < entries.count && entries[Int(pointer)] >= 0 {
                    let code = Int(codes[Int(entries[Int(pointer)])])
                    if isSet[code] { rows.set(row, holds[code]) }
                }
            } else {
                column.presence.visit { row, entry in
                    let code = Int(codes[entry])
                    if isSet[code] { rows.set(row, holds[code]) }
                }
            }
        }
        return true
    }

    /// By code, or by entry where the column has no codes.
    private func results(
        _ column: ColumnData, _ reading: Reading
    ) throws -> (isSet: [Bool], holds: [Bool]) {
        if column.texts == .pooled, let texts = try frame.pooledTexts(column.key) {
            return try results(texts, column.key, reading)
        }
        let column =
            column.lacksTexts ? try frame.column(column.key, withTexts: true) ?? column : column
        let count = column.key.type.isCoded ? column.valueCount : column.numbers.count
        var isSet = [Bool](repeating: false, count: count)
        var holds = isSet
        for code in 0..<count {
            let value =
                if !column.key.type.isCoded {
                    column.number(column.numbers[code])
                } else if reading.takesLists,
                    column.key.type == .array || column.key.type == .strings
                {
                    GroupValue.json(column.listJSON(code))
                } else { column.value(code) }
            (isSet[code], holds[code]) = reading.result(value)
        }
        return (isSet, holds)
    }

    private func results(
        _ texts: PooledTexts, _ key: ColumnKey, _ reading: Reading
    ) throws -> (isSet: [Bool], holds: [Bool]) {
        var isSet = [Bool](repeating: true, count: texts.textCount)
        var holds = probe.results(in: texts, test)
        if reading.read == nil { return (isSet, holds) }
        // Spans and their resource may have the same attribute, each in a pool of its own.
        let column = "\(key.table.name) \(key.origin.rawValue) \(key.type.name) \(key.name)"
        let odd = try frame.derived("odd texts of \(column)") { OddTexts(texts) }
        if odd.marks.isEmpty { return (isSet, holds) }
        texts.forEach(odd.marks) { text, bytes in
            (isSet[text], holds[text]) = reading.result(
                .text(String(decoding: bytes, as: UTF8.self)))
        }
        return (isSet, holds)
    }
}

/// Texts that may count as nothing, or as another text.
private struct OddTexts: MemorySized {
    /// By code; empty if none is.
    let marks: [Bool]
    var byteCount: Int { marks.count }

    init(_ texts: PooledTexts) {
        var marks = [Bool](repeating: false, count: texts.textCount)
        var text = 0
        var beginning: [UInt8] = []
        texts.pool.withUnsafeBytes { pool in
            texts.forEachText { reader in
                var length = 0
                beginning.removeAll(keepingCapacity: true)
                reader.forEachPiece(texts.directory.passages) { piece in
                    length += piece.count
                    let wanted = Meaning.beginningBytes - beginning.count
                    if wanted > 0 { beginning.append(contentsOf: pool[piece.prefix(wanted)]) }
                }
                marks[text] = !Meaning.isPlain(beginning: beginning, length: length)
                text += 1
            }
        }
        self.marks = marks.contains(true) ? marks : []
    }
}
