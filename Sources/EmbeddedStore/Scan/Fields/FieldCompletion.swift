internal import Dimensions
internal import Spans
internal import Store

/// What is done with the values of a dimension once all its sources have been read.
struct FieldCompletion {
    private let fields: FieldResolver
    private var frame: any Frame { fields.frame }

    init(_ fields: FieldResolver) {
        self.fields = fields
    }

    func complete(
        _ field: ResolvedField, _ completion: Dimension.Completion
    ) throws -> ResolvedField {
        switch completion {
        case .prefixed(let name): try prefixed(field, by: name)
        case .afterInstructions: try afterInstructions(field)
        case .includingCached: try includingCached(field)
        case .withinDuration: try withinDuration(field)
        case .otherwise: field
        }
    }

    private func prefixed(_ field: ResolvedField, by name: String) throws -> ResolvedField {
        guard let dimension = DimensionTable.standard[name] else { return field }
        // The name beside it on the same span, not an inherited one.
        let names = try CanonicalResolver(dimension.withoutInheritance, fields).resolve()
        return field.combined(with: names) { version, name in
            guard case .text(let version) = version else { return nil }
            guard case .text(let name) = name, !version.hasPrefix(name + "@") else {
                return .text(version)
            }
            return .text("\(name)@\(version)")
        }
    }

    private func afterInstructions(_ field: ResolvedField) throws -> ResolvedField {
        let instructions = try CanonicalResolver(
            DimensionTable.systemInstructions, fields
        ).resolve()
        guard instructions.values.count > 0 else { return field }
        var builder = FieldBuilder(rowCount: frame.spanCount)
        for row in field.codes.indices
        where field.codes[row] != 0 && instructions.codes[row] != 0 {
            var texts = [instructions.firstValue(of: instructions.codes[row])]
            field.forEachValue(of: field.codes[row]) { texts.append(field.values.value($0)) }
            // Of a span that has nothing but instructions they are the text already.
            if texts[0] == texts[1] { continue }
            builder.add(
                .text(
                    texts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(
                        separator: "\n")), row: row)
        }
        builder.add(field)
        return builder.finished()
    }

    /// More read from and written to a cache than the whole input can only mean that the input does not
    /// count them.
    private func includingCached(_ field: ResolvedField) throws -> ResolvedField {
        let read = Numbers(try fields.resolve(Field("tokens.cached"), forComparison: false))
        let written = Numbers(
            try CanonicalResolver(DimensionTable.cacheWrites, fields).resolve())
        if read.isEmpty, written.isEmpty { return field }
        let sent = Numbers(field)
        let isWithout = try spansWithoutCache(sent)
        var whole: [Int: GroupValue] = [:]
        for row in field.codes.indices where read[row] != nil || written[row] != nil {
            let cached = (read[row] ?? 0) + (written[row] ?? 0)
            guard let input = sent[row], cached > 0, cached > input || isWithout(row) else {
                continue
            }
            whole[row] =
                Int64(exactly: input + cached).map { .integer($0) } ?? .double(input + cached)
        }
        return field.replacing(whole)
    }

    /// Spans whose input is in an attribute that never counts what was cached.
    private func spansWithoutCache(_ sent: Numbers) throws -> (Int) -> Bool {
        let key = Field(DimensionTable.inputWithoutCache, scope: .span)
        let bare = Numbers(try fields.resolve(key, forComparison: false))
        return bare.isEmpty ? { _ in false } : { bare[$0] != nil && bare[$0] == sent[$0] }
    }

    private func withinDuration(_ field: ResolvedField) throws -> ResolvedField {
        let durations = try SpanDurations.of(frame)
        let sent = Numbers(field)
        var clamped: [Int: GroupValue] = [:]
        // A span without an end has no duration to compare with.
        for row in field.codes.indices where durations[row] > 0 {
            guard let number = sent[row] else { continue }
            let duration = Double(durations[row]) / 1e6
            if number > duration { clamped[row] = .double(duration) }
            if number < 0 { clamped[row] = .integer(0) }
        }
        return clamped.isEmpty ? field : field.replacing(clamped)
    }
}

/// The numbers of a field by row.
struct Numbers {
    private let codes: Codes
    /// NaN for what is no number.
    private let byCode: [Double]

    init(_ field: ResolvedField) {
        codes = field.codes
        byCode = (0..<UInt32(field.codeCount)).map { field.firstValue(of: $0).number ?? .nan }
    }

    var isEmpty: Bool { byCode.allSatisfy(\.isNaN) }

    /// nil where the row has none.
    subscript(row: Int) -> Double? {
        let number = byCode[Int(codes[row])]
        return number.isNaN ? nil : number
    }
}

extension ResolvedField {
    /// For each row one value of this field and of another; each combination is looked at once.
    func combined(
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

    /// The same but for some rows. Where rows may have several values, nothing changes.
    func replacing(_ replaced: [Int: GroupValue]) -> ResolvedField {
        if replaced.isEmpty || lists != nil { return self }
        var table = ValueTable()
        var newCodes = [UInt32](repeating: 0, count: codeCount)
        let replacedCodes = codes.indices.map { row -> UInt32 in
            if let value = replaced[row] { return table.code(value) }
            let code = Int(codes[row])
            if code != 0, newCodes[code] == 0 {
                newCodes[code] = table.code(values.value(UInt32(code)))
            }
            return newCodes[code]
        }
        return ResolvedField(codes: replacedCodes, values: table, lists: nil)
    }

    func firstValue(of code: UInt32) -> GroupValue {
        var first: UInt32 = 0
        forEachValue(of: code) { if first == 0 { first = $0 } }
        return values.value(first)
    }
}
