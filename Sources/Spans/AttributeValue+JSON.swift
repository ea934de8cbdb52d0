extension AttributeValue {
    /// As the API prints it: integers with all digits, bytes as `{"bytes":"base64"}`, doubles that are
    /// no numbers as strings.
    package var json: String {
        var text: [UInt8] = []
        appendJSON(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    package func appendJSON(to text: inout [UInt8]) {
        switch self {
        case .empty: text += "null".utf8
        case .string(let value): Self.appendQuoted(value, to: &text)
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .int(let value): text += String(value).utf8
        case .double(let value): text += Self.json(value).utf8
        case .bytes(let bytes): text += "{\"bytes\":\"\(Self.base64(bytes))\"}".utf8
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.appendJSON(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .map(let entries):
            text.append(UInt8(ascii: "{"))
            for (index, entry) in entries.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                Self.appendQuoted(entry.key, to: &text)
                text.append(UInt8(ascii: ":"))
                entry.value.appendJSON(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    /// A double as JSON: shortest digits that read back the same; infinities and NaN as strings.
    package static func json(_ value: Double) -> String {
        if value.isNaN { return "\"NaN\"" }
        if value.isInfinite { return value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }
        return "\(value)"
    }

    /// A JSON string.
    package static func quoted(_ value: String) -> String {
        var text: [UInt8] = []
        appendQuoted(value, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends a JSON string. All that must be escaped is ASCII, so the rest is copied run by run.
    package static func appendQuoted(_ value: String, to text: inout [UInt8]) {
        var value = value
        value.withUTF8 { bytes in
            text.append(UInt8(ascii: "\""))
            var start = 0
            for (index, byte) in bytes.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start..<index]))
                appendEscaped(byte, to: &text)
                start = index + 1
            }
            text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[start...]))
            text.append(UInt8(ascii: "\""))
        }
    }

    private static func appendEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\n"): text += "\\n".utf8
        case UInt8(ascii: "\r"): text += "\\r".utf8
        case UInt8(ascii: "\t"): text += "\\t".utf8
        case 0..<0x20: text += "\\u00\(Hex.text([byte]))".utf8
        default:
            text.append(UInt8(ascii: "\\"))
            text.append(byte)
        }
    }

    /// RFC 4648 with padding.
    package static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for (index, byte) in group.enumerated() { bits |= UInt32(byte) << (16 - 8 * index) }
            for index in 0..<4 {
                text.append(
                    index <= group.count
                        ? alphabet[Int(bits >> (18 - 6 * index)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
