#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

/// Whether some bytes come before others: byte by byte, a beginning before what goes on.
@inline(__always)
package func bytesPrecede(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    let common = min(a.count, b.count)
    guard common > 0, let first = a.baseAddress, let second = b.baseAddress else {
        return a.count < b.count
    }
    let order = memcmp(first, second, common)
    return order == 0 ? a.count < b.count : order < 0
}
