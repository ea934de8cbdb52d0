private import CZlib

/// Inflates a request's body.
///
/// gzip may have several members, one after the other, and each one's checksum is verified (RFC 1952).
/// `deflate` means zlib's wrapper (RFC 9110), and some senders leave the wrapper out, so both are read.
///
/// - Parameter bytesMax: what is inflated at most: 64 MiB of zeros fit into 65 KB of gzip, so output is
///   counted while it comes and never allocated ahead.
package func inflateBody(
    _ bytes: [UInt8], coding: ContentCoding, bytesMax: Int
) throws(BodyError) -> [UInt8] {
    switch coding {
    case .identity: return bytes
    case .gzip: return try inflateMembers(bytes, windowBits: 31, bytesMax)
    case .deflate:
        let bits: Int32 = hasZlibHeader(bytes) ? 15 : -15
        return try inflateMembers(bytes, windowBits: bits, bytesMax)
    }
}

/// The first two bytes of zlib's wrapper: method 8, and a multiple of 31 (RFC 1950).
private func hasZlibHeader(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 2 && bytes[0] & 15 == 8 && (Int(bytes[0]) << 8 + Int(bytes[1])) % 31 == 0
}

/// What is inflated a step.
private let stepBytes = 256 << 10

private func inflateMembers(
    _ bytes: [UInt8], windowBits: Int32, _ bytesMax: Int
) throws(BodyError) -> [UInt8] {
    var out: [UInt8] = []
    // Bodies of spans shrink to a sixth or so.
    out.reserveCapacity(min(bytesMax, bytes.count * 6))
    var offset = 0
    repeat {
        let used = try inflateMember(bytes, from: offset, windowBits, bytesMax, into: &out)
        offset += used
    } while windowBits == 31 && offset < bytes.count
    if offset < bytes.count { throw .malformed("\(bytes.count - offset) bytes after its end") }
    return out
}

/// - Returns: how many bytes of input it took.
private func inflateMember(
    _ bytes: [UInt8], from offset: Int, _ windowBits: Int32, _ bytesMax: Int,
    into out: inout [UInt8]
) throws(BodyError) -> Int {
    var stream = z_stream()
    guard everyspan_inflate_init(&stream, windowBits) == Z_OK else {
        throw .malformed("zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    var step = [UInt8](repeating: 0, count: stepBytes)
    var used = 0
    while true {
        let (status, taken, made) = inflateStep(&stream, bytes, offset + used, &step)
        used += taken
        if out.count + made > bytesMax { throw .tooLarge(bytesMax: bytesMax) }
        out.append(contentsOf: step[..<made])
        switch status {
        case Z_STREAM_END: return used
        case Z_OK where taken > 0 || made > 0: continue
        case Z_OK, Z_BUF_ERROR: throw .malformed("it is cut short")
        default: throw .malformed(stream.msg.map { String(cString: $0) } ?? "zlib says \(status)")
        }
    }
}

private func inflateStep(
    _ stream: inout z_stream, _ bytes: [UInt8], _ offset: Int, _ step: inout [UInt8]
) -> (status: Int32, taken: Int, made: Int) {
    bytes.withUnsafeBufferPointer { source in
        step.withUnsafeMutableBufferPointer { target in
            let available = min(source.count - offset, Int(UInt32.max))
            stream.next_in = source.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
            stream.avail_in = UInt32(available)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            return (
                status, available - Int(stream.avail_in), target.count - Int(stream.avail_out)
            )
        }
    }
}
