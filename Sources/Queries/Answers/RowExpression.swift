internal import Spans
internal import Store

/// The expression that selects exactly the units of a row.
enum RowExpression {
    /// - Parameter query: what the row answers; its own condition holds for the row too.
    static func of(_ key: [GroupValue], _ query: SliceQuery) -> String {
        var parts: [Expression] = []
        if case .and(let conditions)? = query.condition {
            parts = conditions
        } else if let condition = query.condition {
            parts = [condition]
        }
        parts += zip(query.by, key).map(isIn)
        return parts.count == 1 ? parts[0].description : Expression.and(parts).description
    }

    private static func isIn(_ field: Field, _ value: GroupValue) -> Expression {
        guard let literal = literal(value, of: field) else { return .not(.has(field)) }
        return .comparison(Comparison(field, .equal, [literal]))
    }

    private static func literal(_ value: GroupValue, of field: Field) -> Literal? {
        switch value {
        case .null: nil
        case .text(let text): Literal(exactly: text)
        case .json(let text): .text(text)
        case .integer(let time) where field.isIntrinsic("start_time"): .text(Timestamp.text(time))
        // 1.0 and 1 are one value.
        case .integer(let milliseconds) where field.isIntrinsic("duration"):
            Literal(word: "\(milliseconds)ms")
        case .integer(let number): .bare(String(number))
        case .double(let milliseconds) where field.isIntrinsic("duration"):
            Literal(word: DurationText.text(milliseconds: milliseconds))
        case .double(let number):
            // What is no number is shown as text, in quotes of its own.
            number.isFinite
                ? .bare("\(number)")
                : .text(String(AttributeValue.json(number).dropFirst().dropLast()))
        case .boolean(let value): .bare(value ? "true" : "false")
        case .bytes(let bytes): .text(AttributeValue.base64(bytes))
        }
    }
}
