internal import Spans
internal import Store

/// Finds out whether a dimension has on every span just what a raw key has, as mostly it does: then the counts of the one
/// are the other's. Comparing takes a fraction of what looking the key up does.
struct RawTwin {
    private let fields: FieldResolver

    init(_ fields: FieldResolver) { self.fields = fields }

    /// The only column of a key, if it is one of spans.
    private func column(_ key: String) throws -> ColumnData? {
        let keySet = fields.frame.keySet
        let columns = Table.keyed.flatMap { keySet.attributes(key, in: $0) }
        guard columns.count == 1, columns[0].table == .span else { return nil }
        return try fields.frame.column(columns[0], withTexts: false)
    }

    /// Whether a field resolves to what the key alone resolves to. It may say no where they are the same.
    func has(_ field: Field, asKey key: String) throws -> Bool {
        guard let column = try column(key), !column.lacksTexts else { return false }
        let resolved = try fields.resolve(field, forComparison: false)
        guard resolved.codes.count == fields.frame.spanCount else { return false }
        switch column.key.type {
        case .int, .double, .bool: return hasNumbers(resolved, column)
        case .string, .strings: return hasTexts(resolved, column)
        case .bytes, .array, .map, .empty: return false
        }
    }

    private func hasNumbers(_ field: ResolvedField, _ column: ColumnData) -> Bool {
        if field.lists != nil { return false }
        // By code what the column must hold.
        let numbers = (0...UInt32(field.values.count)).map { code -> UInt64? in
            switch (field.values.value(code), column.key.type) {
            case (.integer(let value), .int): UInt64(bitPattern: value)
            case (.double(let value), .double): value.bitPattern
            case (.integer(let value), .double):
                value == 0 ? nil : Double(value).bitPattern
            case (.boolean(let value), .bool): value ? 1 : 0
            default: nil
            }
        }
        return isSame(field, column) { code, entry in numbers[Int(code)] == column.numbers[entry] }
    }

    private func hasTexts(_ field: ResolvedField, _ column: ColumnData) -> Bool {
        // By the column's code the field's, once it is known.
        let unknown = UInt32.max
        var codeOf = [UInt32](repeating: unknown, count: column.valueCount)
        return isSame(field, column) { code, entry in
            let own = Int(column.codes[entry])
            if codeOf[own] == unknown {
                guard hasTexts(field, code, column, own) else { return false }
                codeOf[own] = code
            }
            return codeOf[own] == code
        }
    }

    private func hasTexts(
        _ field: ResolvedField, _ code: UInt32, _ column: ColumnData, _ own: Int
    ) -> Bool {
        let texts =
            column.key.type == .strings ? column.lists[own].map { Int($0) } : [own]
        var index = 0
        var isSame = true
        field.forEachValue(of: code) { value in
            guard isSame, index < texts.count else {
                isSame = false
                return
            }
            let tagged = field.values.tagged(value)
            isSame = column.strings.withValue(texts[index]) { text in
                tagged.first == ValueTable.Tag.text.rawValue
                    && tagged.dropFirst().elementsEqual(text)
            }
            index += 1
        }
        return isSame && index == texts.count
    }

    /// Whether the field has a value where the column has, and nowhere else, and each is the same.
    private func isSame(
        _ field: ResolvedField, _ column: ColumnData,
        _ isSameValue: (_ code: UInt32, _ entry: Int) -> Bool
    ) -> Bool {
        var present = 0
        var isSame = true
        column.presence.visit { row, entry in
            if !isSame { return }
            let code = field.codes[row]
            isSame = code != 0 && isSameValue(code, entry)
            present += 1
        }
        return isSame && field.codes.count(where: { $0 != 0 }) == present
    }
}
