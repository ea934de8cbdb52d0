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
        if part.isEmpty { return true }
        return place(of: part, by: 0, in: bytes, from: 0) != nil
    }

    /// The first place at or behind `from`. Jumps from one occurrence of the byte at `offset` in `part` to the next.
    static func place(
        of part: UnsafeRawBufferPointer, by offset: Int, in bytes: UnsafeRawBufferPointer, from: Int
    ) -> Int? {
        guard let base = bytes.baseAddress, let partBase = part.baseAddress else { return nil }
        let byte = Int32(part[offset])
        let last = bytes.count - part.count
        let first = part[0]
        var position = from
        while position <= last {
            guard let hit = memchr(base + position + offset, byte, last - position + 1) else {
                return nil
            }
            position = UnsafeRawPointer(hit) - base - offset
            if bytes[position] == first, memcmp(base + position, partBase, part.count) == 0 {
                return position
            }
            position += 1
        }
        return nil
    }

    /// Which byte of `part` is met least often, by a sample.
    static func rarest(
        of part: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer
    ) -> Int {
        var counts = [Int](repeating: 0, count: 256)
        for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 4096)) {
            counts[Int(bytes[place])] += 1
        }
        return part.indices.min { counts[Int(part[$0])] < counts[Int(part[$1])] } ?? 0
    }
}
