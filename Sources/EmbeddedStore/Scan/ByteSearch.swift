#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

/// Finding bytes in bytes.
enum ByteSearch {
    /// Whether `part` occurs in `bytes`. Jumps from one occurrence of its first byte to the next, which
    /// on text is as fast as memory is read.
    static func contains(_ bytes: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> Bool {
        guard let first = part.first else { return true }
        guard let base = bytes.baseAddress, let partBase = part.baseAddress else { return false }
        let last = bytes.count - part.count
        var position = 0
        while position <= last {
            guard let hit = memchr(base + position, Int32(first), last - position + 1) else {
                return false
            }
            position = UnsafeRawPointer(hit) - base
            if memcmp(hit, partBase, part.count) == 0 { return true }
            position += 1
        }
        return false
    }
}
