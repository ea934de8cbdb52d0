/// How many bits the value takes; 0 for 0.
@inline(__always)
func bitWidth(_ value: UInt64) -> Int { 64 - value.leadingZeroBitCount }

/// Bytes that `count` values of `width` bits take.
@inline(__always)
func packedSize(count: Int, width: Int) -> Int { (count * width + 7) / 8 }

/// Appends `values` with `width` bits each, least significant bit first, after subtracting `base`.
///
/// - Precondition: each difference fits `width` bits.
func appendPacked(
    _ values: UnsafeBufferPointer<UInt64>, base: UInt64, width: Int, to bytes: inout [UInt8]
) {
    guard width > 0 else { return }
    var pending: UInt64 = 0
    var pendingBits = 0
    for value in values {
        let value = value &- base
        pending |= value &<< UInt64(pendingBits)
        let used = 64 - pendingBits
        if width >= used {
            bytes.appendLittleEndian(pending)
            pending = used == 64 ? 0 : value &>> UInt64(used)
            pendingBits = width - used
        } else {
            pendingBits += width
        }
    }
    while pendingBits > 0 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending &>>= 8
        pendingBits -= 8
    }
}

/// Reads what `appendPacked` wrote, adding `base` again. `bytes` holds exactly the packed values.
func unpack(
    _ bytes: UnsafeRawBufferPointer, base: UInt64, width: Int,
    into values: UnsafeMutableBufferPointer<UInt64>
) {
    guard width > 0 else {
        values.update(repeating: base)
        return
    }
    let mask = packedMask(width)
    // Of up to 57 bits all lie in the eight bytes from where they begin, and nearly always there are eight.
    let quick =
        width <= 57 && bytes.count >= 8
        ? min(values.count, (bytes.count - 8) * 8 / width + 1) : 0
    var bit = 0
    for index in 0..<quick {
        let word = bytes.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self).littleEndian
        values[index] = ((word &>> UInt64(bit & 7)) & mask) &+ base
        bit &+= width
    }
    for index in quick..<values.count {
        values[index] = (packedValue(bytes, bit: bit, width: width) & mask) &+ base
        bit += width
    }
}

/// One of the values that `appendPacked` wrote.
func unpackOne(_ bytes: UnsafeRawBufferPointer, base: UInt64, width: Int, at index: Int) -> UInt64 {
    guard width > 0 else { return base }
    let value = packedValue(bytes, bit: index * width, width: width)
    return (value & packedMask(width)) &+ base
}

@inline(__always)
private func packedMask(_ width: Int) -> UInt64 {
    width == 64 ? UInt64.max : (1 &<< UInt64(width)) &- 1
}

/// The bits from `bit` on, of which `width` are the value's.
@inline(__always)
private func packedValue(_ bytes: UnsafeRawBufferPointer, bit: Int, width: Int) -> UInt64 {
    let offset = bit >> 3
    let shift = UInt64(bit & 7)
    var value: UInt64
    if offset + 8 <= bytes.count {
        value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
    } else {
        value = 0
        for byte in offset..<bytes.count {
            value |= UInt64(bytes[byte]) &<< UInt64((byte - offset) * 8)
        }
    }
    value &>>= shift
    // A value of over 57 bits can reach into a ninth byte.
    if Int(shift) + width > 64, offset + 8 < bytes.count {
        value |= UInt64(bytes[offset + 8]) &<< (64 - shift)
    }
    return value
}

extension RandomAccessCollection where Index == Int {
    /// Where the first element is for which `isBehind` holds, as it does for all that follow.
    @inline(__always)
    func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
