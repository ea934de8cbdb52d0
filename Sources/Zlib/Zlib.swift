private import CZlib

package enum ZlibFormat: Sendable { case zlib, gzip, raw }
package struct ZlibError: Error, Sendable { package let message: String }

package func deflate(_ bytes: [UInt8], level: Int32, format: ZlibFormat) throws(ZlibError)
    -> [UInt8]
{
    var stream = z_stream()
    let bits: Int32 =
        switch format {
        case .zlib: 15
        case .gzip: 31
        case .raw: -15
        }
    guard everyspan_deflate_init(&stream, level, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK else {
        throw ZlibError(message: "deflateInit")
    }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    var input = bytes
    var status = Z_OK
    let out = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(bound)
            status = CZlib.deflate(&stream, Z_FINISH)
        }
        count = bound - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END else { throw ZlibError(message: "deflate \(status)") }
    return out
}

package func inflate(_ bytes: UnsafeRawBufferPointer, exactly size: Int) throws(ZlibError)
    -> [UInt8]
{
    var stream = z_stream()
    guard everyspan_inflate_init(&stream, 15) == Z_OK else {
        throw ZlibError(message: "inflateInit")
    }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    var left = 0
    let out = [UInt8](unsafeUninitializedCapacity: max(1, size)) { buffer, count in
        stream.next_in = UnsafeMutablePointer(
            mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(bytes.count)
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(size)
        status = CZlib.inflate(&stream, Z_FINISH)
        left = Int(stream.avail_out)
        count = size - left
    }
    guard status == Z_STREAM_END, left == 0 else { throw ZlibError(message: "inflate \(status)") }
    return out
}

package func crc32(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(CZlib.crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
}
