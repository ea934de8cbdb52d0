internal import Dimensions
internal import Spans
internal import Store

/// The spans on which a source of a dimension counts.
struct SourceRows {
    private let fields: FieldResolver
    private var frame: any Frame { fields.frame }

    init(_ fields: FieldResolver) {
        self.fields = fields
    }

    /// For each row whether the source counts there; nil for all.
    func wanted(_ source: DimensionSource) throws -> [Bool]? {
        switch source.condition {
        case .beside(let key, let beginning): return try having(key, beginning)
        case .failed: return try frame.numbers(SpanField.status).map { $0 == 2 }
        case .unlike, nil: break
        }
        return source.operationKinds.isEmpty ? nil : try ofKinds(source.operationKinds)
    }

    private func having(_ key: String, _ beginning: String) throws -> [Bool] {
        var rows = [Bool](repeating: false, count: frame.spanCount)
        if !beginning.isEmpty {
            let key = ColumnKey(.span, .attribute, key, .string)
            guard frame.keys.contains(key), let column = try frame.column(key, withTexts: true)
            else { return rows }
            let fits = (0..<column.valueCount).map {
                column.strings.string($0).hasPrefix(beginning)
            }
            column.presence.visit { row, entry in rows[row] = fits[Int(column.codes[entry])] }
            return rows
        }
        for key in frame.keySet.attributes(key, in: .span) {
            try frame.column(key, withTexts: false)?.presence.visit { row, _ in rows[row] = true }
        }
        return rows
    }

    private func ofKinds(_ kinds: Set<String>) throws -> [Bool] {
        let kind = try fields.resolve(Field("operation.kind"), forComparison: false)
        let wanted = (0..<UInt32(kind.codeCount)).map { code in
            var found = false
            kind.forEachValue(of: code) { value in
                if case .text(let name) = kind.values.value(value) {
                    found = found || kinds.contains(name)
                }
            }
            return found
        }
        return kind.codes.looked(upIn: wanted)
    }
}
