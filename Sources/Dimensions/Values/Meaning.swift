internal import Spans
package import Store

extension GroupValue {
    /// Whether a value says anything. Scrubbers and careless senders leave these behind
    /// instead of leaving the attribute out.
    package var isMeaningful: Bool {
        switch self {
        case .null: false
        case .text(let text):
            !Self.placeholders.contains(text) && !text.hasPrefix(Self.scrubbed)
        case .json(let text): text != "[]" && text != "{}"
        case .double(let value): !value.isNaN
        case .integer, .boolean, .bytes: true
        }
    }

    fileprivate static let scrubbed = "[Scrubbed due to "

    fileprivate static let placeholders: Set<String> = [
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

/// What can be said of a text by its beginning.
package enum Meaning {
    /// So many bytes of it are needed.
    package static let beginningBytes = GroupValue.scrubbed.utf8.count

    private static let placeholderBytesMax = GroupValue.placeholders.map(\.utf8.count).max() ?? 0
    private static let scrubbed = Array(GroupValue.scrubbed.utf8)

    /// Whether a text surely says something, and just what it is, where it is read whole. Others may be placeholders, or
    /// quote another text.
    package static func isPlain(beginning: [UInt8], length: Int) -> Bool {
        length > placeholderBytesMax && beginning.first != UInt8(ascii: "\"")
            && !beginning.starts(with: scrubbed)
    }

    /// The first letters of all placeholders, so that most texts need no further look.
    private static let beginsPlaceholder = (0...UInt8.max).map { letter in
        GroupValue.placeholders.contains { $0.utf8.first == letter }
    }

    /// Likewise of a whole text.
    package static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let first = text.first, first != UInt8(ascii: "\"") else { return false }
        return !beginsPlaceholder[Int(first)]
    }
}
