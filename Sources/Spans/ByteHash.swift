#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

/// Seeds the hash anew in each process, so that nobody can send values that all collide.
private let hashSeed = UInt64.random(in: .min ... .max)

/// A 64-bit hash of some bytes: 8 at a time, mixed by a full-width multiplication as wyhash does
/// (Wang Yi, github.com/wangyi-fudan/wyhash). Differs from process to process; never store it.
package func hashBytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    var hash = hashSeed ^ mixed(UInt64(count) ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9)
    if count < 8 { return finished(hash ^ shortWord(bytes)) }
    var offset = 0
    while offset + 8 < count {
        hash = mixed(hash ^ word(bytes, offset), 0xa076_1d64_78bd_642f)
        offset += 8
    }
    // The last eight bytes, of which some may have been taken already: the length is in the hash.
    return finished(hash ^ word(bytes, count - 8))
}

/// Twice, so that names which differ in their last digits alone differ in all bits.
@inline(__always)
private func finished(_ hash: UInt64) -> UInt64 {
    mixed(mixed(hash, 0xe703_7ed1_a0b4_28db), 0x8ebc_6af0_9c88_c6e3)
}

@inline(__always)
private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
}

/// Fewer than eight bytes as one number, each of which some bits stand for.
@inline(__always)
private func shortWord(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    if count >= 4 {
        let first = UInt64(bytes.loadUnaligned(as: UInt32.self))
        return first << 32 | UInt64(bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    }
    if count == 0 { return 0 }
    return UInt64(bytes[0]) << 16 | UInt64(bytes[count / 2]) << 8 | UInt64(bytes[count - 1])
}

/// A hash of the same kind with a seed of the caller's. With a fixed seed the result may be stored.
package func hashBytes(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    var hash = seed ^ mixed(UInt64(bytes.count) ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9)
    var offset = 0
    while offset + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        hash = mixed(hash ^ word, 0xa076_1d64_78bd_642f)
        offset += 8
    }
    if offset < bytes.count {
        var word: UInt64 = 0
        while offset < bytes.count {
            word = word &<< 8 | UInt64(bytes[offset])
            offset += 1
        }
        hash = mixed(hash ^ word, 0xe703_7ed1_a0b4_28db)
    }
    return mixed(hash, 0x8ebc_6af0_9c88_c6e3)
}

@inline(__always)
private func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}

/// Whether `value` equals as many bytes at `offset` behind `base`.
@inline(__always)
func equalBytes(
    _ base: UnsafeRawPointer?, _ offset: Int, _ value: UnsafeRawBufferPointer
) -> Bool {
    guard value.count > 0 else { return true }
    guard let base, let other = value.baseAddress else { return false }
    return memcmp(base + offset, other, value.count) == 0
}
