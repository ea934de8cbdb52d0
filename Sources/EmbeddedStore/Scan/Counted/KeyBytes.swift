/// Writes the key of a group of one value (`GroupKey`), each in the place of the last.
struct KeyBytes {
    private var bytes = [UInt8](repeating: 0, count: 256)

    /// - Parameter tagged: a value's tag and bytes; of null none, and then the key is the length alone.
    mutating func with(
        _ tagged: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        if bytes.count < tagged.count + 10 {
            bytes = [UInt8](repeating: 0, count: tagged.count * 2 + 10)
        }
        bytes.withUnsafeMutableBytes { bytes in
            var at = 0
            var length = tagged.count
            while length >= 0x80 {
                bytes[at] = UInt8(truncatingIfNeeded: length) | 0x80
                length >>= 7
                at += 1
            }
            bytes[at] = UInt8(length)
            let end = at + 1 + tagged.count
            UnsafeMutableRawBufferPointer(rebasing: bytes[(at + 1)..<end]).copyBytes(from: tagged)
            body(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
    }
}
