package import Spans

/// Writes JSON. Commas come by themselves; nesting is the caller's code's.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false
    private var depth = 0

    package init() {}

    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try nested("{", "}", body)
    }

    package mutating func array(_ body: (inout JSONWriter) throws -> Void) rethrows {
        try nested("[", "]", body)
    }

    private mutating func nested(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) throws -> Void
    ) rethrows {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        depth += 1
        try body(&self)
        depth -= 1
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    package mutating func key(_ key: String) {
        separate()
        AttributeValue.appendQuoted(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func null() { raw("null") }
    package mutating func value(_ value: String) {
        separate()
        AttributeValue.appendQuoted(value, to: &bytes)
    }

    package mutating func value(_ value: Int) { raw(String(value)) }
    package mutating func value(_ value: Bool) { raw(value ? "true" : "false") }

    /// What JSON cannot say, NaN and the infinities, is null.
    package mutating func value(_ value: Double?) {
        guard let value, value.isFinite else { return null() }
        raw(AttributeValue.json(value))
    }

    /// An attribute's value, as native spans have it.
    package mutating func value(_ value: AttributeValue) {
        separate()
        value.appendJSON(to: &bytes)
    }

    /// JSON that is written already.
    package mutating func raw(_ text: some StringProtocol) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func member(_ name: String, _ value: String) {
        key(name)
        self.value(value)
    }

    package mutating func member(_ name: String, _ value: Int) {
        key(name)
        self.value(value)
    }

    package mutating func member(_ name: String, _ value: Double?) {
        key(name)
        self.value(value)
    }

    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        self.value(value)
    }

    /// Before another value, or after the last one of all, so that long answers can be read.
    package mutating func newline() {
        if depth > 0, needsComma {
            bytes.append(UInt8(ascii: ","))
            needsComma = false
        }
        bytes.append(10)
    }
}
