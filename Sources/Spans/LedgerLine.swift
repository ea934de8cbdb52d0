/// What one line of the ledger counts: a reason, and whose span it was about.
package struct LedgerLine: Hashable, Sendable {
    package let reason: LedgerReason
    /// What the span, its scope or its resource says of itself; nil if none of them says it, or no span is known.
    package let tenant: String?
    package let service: String?
    /// The attribute's key, or the field's name, that the reason is about; nil if it is about none.
    package let key: String?

    package init(
        _ reason: LedgerReason, tenant: String? = nil, service: String? = nil, key: String? = nil
    ) {
        self.reason = reason
        self.tenant = tenant.map(Self.shortened)
        self.service = service.map(Self.shortened)
        self.key = key.map(Self.shortened)
    }

    /// Longer texts are cut, in UTF-8: lines are many, and a body may have a key of megabytes.
    package static let textBytesMax = 256

    /// The text, or as much of it as fits before an ellipsis. NUL, at which SQLite's texts end, is written as its picture.
    package static func shortened(_ text: String) -> String {
        let text = text.utf8.contains(0) ? text.replacing("\0", with: "␀") : text
        guard text.utf8.count > textBytesMax else { return text }
        let room = textBytesMax - "…".utf8.count
        var short = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            length += UTF8.width(scalar)
            if length > room { break }
            short.append(scalar)
        }
        return String(short) + "…"
    }
}
