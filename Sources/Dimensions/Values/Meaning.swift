internal import Spans
package import Store

extension GroupValue {
    /// Whether a value says anything. Scrubbers and careless senders leave these behind
    /// instead of leaving the attribute out.
    package var isMeaningful: Bool {
        switch self {
        case .null: false
        case .text(let text):
            !Self.placeholders.contains(text) && !text.hasPrefix("[Scrubbed due to ")
        case .json(let text): text != "[]" && text != "{}"
        case .double(let value): !value.isNaN
        case .integer, .boolean, .bytes: true
        }
    }

    private static let placeholders: Set<String> = [
        "", "None", "null", "Unknown", "[]", "{}", "<REDACTED>", "__REDACTED__",
    ]

    var textValue: String? { if case .text(let text) = self { text } else { nil } }

    /// Text dimensions print numbers as text.
    var asText: GroupValue? {
        switch self {
        case .text: self
        case .integer(let value): .text(String(value))
        case .double(let value): .text(AttributeValue.json(value))
        case .boolean(let value): .text(value ? "true" : "false")
        case .json(let text): .text(text)
        case .bytes, .null: nil
        }
    }

    /// Numeric dimensions read numeric text.
    var asNumber: GroupValue? {
        switch self {
        case .integer: return self
        case .double(let value):
            if !value.isFinite { return nil }
            return Int64(exactly: value).map { .integer($0) } ?? self
        case .text(let text):
            switch Number(text) {
            case .integer(let value)?: return .integer(value)
            case .double(let value)?: return GroupValue.double(value).asNumber
            case nil: return nil
            }
        default: return nil
        }
    }

    var asBoolean: GroupValue? {
        switch self {
        case .boolean: self
        case .integer(let value): .boolean(value != 0)
        case .text(let text):
            switch text.lowercased() {
            case "true", "1": .boolean(true)
            case "false", "0": .boolean(false)
            default: nil
            }
        default: nil
        }
    }
}
