private import CLibDeflate

/// What is around a deflated stream: nothing, zlib's header and checksum (RFC 1950), or gzip's (RFC 1952).
package enum ZlibFormat: Sendable { case zlib, gzip, raw }
package struct ZlibError: Error, Sendable { package let message: String }

/// Deflates all of `bytes` (RFC 1951).
///
/// libdeflate reads and writes whole buffers, which is what everything stored is, in less than half the time that zlib takes.
///
/// - Parameter level: 0 stores the bytes as they are; 1 is fast, 9 thorough.
package func deflate(_ bytes: [UInt8], level: Int32, format: ZlibFormat) throws(ZlibError)
    -> [UInt8]
{
    guard let compressor = libdeflate_alloc_compressor(level) else {
        throw ZlibError(message: "no compressor of level \(level)")
    }
    defer { libdeflate_free_compressor(compressor) }
    let (bound, compress) =
        switch format {
        case .zlib: (libdeflate_zlib_compress_bound, libdeflate_zlib_compress)
        case .gzip: (libdeflate_gzip_compress_bound, libdeflate_gzip_compress)
        case .raw: (libdeflate_deflate_compress_bound, libdeflate_deflate_compress)
        }
    let room = bound(compressor, bytes.count)
    let out = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        count = compress(compressor, bytes, bytes.count, buffer.baseAddress, room)
    }
    // The shortest stream, that of no bytes, is not empty.
    guard !out.isEmpty else { throw ZlibError(message: "deflating \(bytes.count) bytes failed") }
    return out
}

/// Inflates a stream in zlib's format that takes all of `bytes` and becomes just `size` bytes.
package func inflate(_ bytes: UnsafeRawBufferPointer, exactly size: Int) throws(ZlibError)
    -> [UInt8]
{
    guard let decompressor = libdeflate_alloc_decompressor() else {
        throw ZlibError(message: "no memory to inflate")
    }
    defer { libdeflate_free_decompressor(decompressor) }
    var used = 0
    var result = LIBDEFLATE_SUCCESS
    let out = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        // An empty buffer may have no address, and libdeflate asks for one.
        var none: UInt8 = 0
        result = withUnsafeMutablePointer(to: &none) { none in
            libdeflate_zlib_decompress_ex(
                decompressor, bytes.baseAddress, bytes.count, buffer.baseAddress ?? none, size,
                &used, nil)
        }
        count = result == LIBDEFLATE_SUCCESS ? size : 0
    }
    switch result {
    case LIBDEFLATE_SUCCESS where used == bytes.count: return out
    case LIBDEFLATE_SUCCESS:
        throw ZlibError(message: "\(bytes.count - used) bytes after the stream's end")
    case LIBDEFLATE_SHORT_OUTPUT: throw ZlibError(message: "fewer than \(size) bytes")
    case LIBDEFLATE_INSUFFICIENT_SPACE: throw ZlibError(message: "more than \(size) bytes")
    default: throw ZlibError(message: "not a sound zlib stream")
    }
}

/// The CRC-32 of zlib, gzip and PNG.
package func crc32(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    libdeflate_crc32(0, bytes.baseAddress, bytes.count)
}
