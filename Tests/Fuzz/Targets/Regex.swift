import Store

/// Regular expressions: the first line is a pattern, the rest the text. A pattern means the same in a group
/// and beside itself, and no text makes it slow.
func regex(_ bytes: UnsafeRawBufferPointer) {
    let end = bytes.firstIndex(of: 10) ?? bytes.endIndex
    let pattern = String(decoding: bytes[..<end], as: UTF8.self)
    let text = String(decoding: bytes[end...].dropFirst(), as: UTF8.self)
    guard let regex = try? LinearRegex(pattern) else { return }
    let isMatch = regex.matches(text)
    for same in ["(?:\(pattern))", "(?:\(pattern))|(?:\(pattern))", "(?s:.)*(?:\(pattern))"] {
        // It may be too long when it is there twice.
        guard let regex = try? LinearRegex(same) else { continue }
        precondition(regex.matches(text) == isMatch, same)
    }
}
