internal import Spans
internal import Store

/// The expression that selects exactly the units of a row.
enum RowExpression {
    /// - Parameter query: what the row answers; its own condition holds for the row too.
    static func of(_ key: [GroupValue], _ query: SliceQuery) -> String {
        var parts: [String] = []
        if let condition = query.condition {
            let text = condition.description
            if case .or = condition, !query.by.isEmpty {
                parts.append("(\(text))")
            } else {
                parts.append(text)
            }
        }
        for (field, value) in zip(query.by, key) { parts.append(part(field, value)) }
        return parts.joined(separator: " and ")
    }

    private static func part(_ field: Field, _ value: GroupValue) -> String {
        switch value {
        case .null: "\(field) is null"
        case .text(let text): "\(field) = \(literal(text))"
        case .json(let text): "\(field) = \(Literal.quoted(text))"
        case .integer(let number):
            field.scope == .any && field.name == "start_time"
                ? "\(field) = \(Literal.quoted(Timestamp.text(number)))" : "\(field) = \(number)"
        case .double(let number):
            field.name == "duration"
                ? "\(field) = \(AttributeValue.json(number))ms"
                : "\(field) = \(AttributeValue.json(number))"
        case .boolean(let value): "\(field) = \(value)"
        case .bytes(let bytes): "\(field) = \(Literal.quoted(AttributeValue.base64(bytes)))"
        }
    }

    /// Text as it is where it reads back as this text only, else in quotes.
    static func literal(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.allSatisfy(isPlainPart) && Number(text) == nil
            && Literal(word: text) == .bare(text)
            && !["true", "false"].contains(text.lowercased())
            && !Field.keywords.contains(text.lowercased())
        return isPlain ? text : Literal.quoted(text)
    }

    private static func isPlainPart(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || "_.-/:@+#".contains(character))
    }
}
