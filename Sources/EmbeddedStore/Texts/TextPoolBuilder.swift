/// Finds what texts have in common: gives each text as runs of a *pool* that holds every passage once.
///
/// Prompts repeat each other: a template, examples, a conversation that grows with each call. A text becomes *pieces*,
/// own ones and passages in turn. An *own* piece is new, and is appended to the pool; a *passage* is a run of the pool
/// that an earlier text brought. Passages are found as rsync finds them: fingerprints of 16 bytes, one for every 16
/// bytes of the pool, are looked up at each byte that no passage covers yet, and a hit grows as far as bytes agree.
/// What is repeated is thus skipped at the speed of comparing memory, and only what is new costs work.
struct TextPoolBuilder {
    /// Bytes a fingerprint is made of.
    private static let windowBytes = 16
    /// Pool bytes from one fingerprint to the next.
    private static let strideBytes = 16
    /// A passage costs some three bytes, and zlib finds short repetitions anyway. Tried: docs/PERFORMANCE.md.
    private static let passageBytesMin = 32
    /// Own text goes into the pool in such parts, so that a text can repeat itself.
    private static let partBytes = 4096
    /// More fingerprints are not kept, and the newest win: 16 MiB, for 64 MiB of a pool.
    private static let slotsMax = 1 << 22

    private(set) var pool: [UInt8] = []
    private(set) var pieces = TextPieces()
    private(set) var textBytes = 0
    private var codes: [Passage: UInt32] = [:]
    /// By fingerprint where in the pool it is from, plus one.
    private var slots = [UInt32](repeating: 0, count: 1 << 10)
    /// Where the next fingerprint is taken from.
    private var indexed = 0
    /// Of the own piece that is being made.
    private var ownBytes = 0

    /// - Precondition: all texts together stay under 4 GiB; segments are bounded far below it.
    mutating func append(_ text: UnsafeRawBufferPointer) {
        var position = 0
        var own = 0
        let before = pieces.codes.count
        while position + Self.windowBytes <= text.count {
            if let match = match(text, own, position) {
                add(text, own..<match.text.lowerBound)
                endOwnPiece()
                add(Passage(start: UInt32(match.start), length: UInt32(match.text.count)))
                position = match.text.upperBound
                own = position
                continue
            }
            position += 1
            if position - own >= Self.partBytes {
                add(text, own..<position)
                own = position
            }
        }
        add(text, own..<text.count)
        endOwnPiece()
        pieces.passageCounts.append(UInt32(pieces.codes.count - before))
        textBytes += text.count
    }

    /// The distinct passages in the order of their places, and the pieces with their codes.
    func finished() -> (passages: Passages, pieces: TextPieces) {
        let order = codes.sorted { ($0.key.start, $0.key.length) < ($1.key.start, $1.key.length) }
        var newCodes = [UInt32](repeating: 0, count: order.count)
        var passages = Passages()
        for (new, entry) in order.enumerated() {
            newCodes[Int(entry.value)] = UInt32(new)
            passages.starts.append(entry.key.start)
            passages.lengths.append(entry.key.length)
        }
        var pieces = pieces
        for index in pieces.codes.indices {
            pieces.codes[index] = newCodes[Int(pieces.codes[index])]
        }
        return (passages, pieces)
    }

    private struct Passage: Hashable {
        let start: UInt32
        let length: UInt32
    }

    private struct Match {
        let text: Range<Int>
        let start: Int
    }

    /// What agrees with the pool around `position`, back to `first` at most; nil if it is too short.
    @inline(__always)
    private func match(_ text: UnsafeRawBufferPointer, _ first: Int, _ position: Int) -> Match? {
        let found = slots[slot(text, position)]
        if found == 0 { return nil }
        return pool.withUnsafeBytes { pool in
            let start = Int(found) - 1
            let length = commonBytes(text, position, pool, start)
            var back = 0
            while position - back > first, start - back > 0,
                text[position - back - 1] == pool[start - back - 1]
            { back += 1 }
            // A hit of zero bytes, where fingerprints collide, must not end before `position`.
            guard length > 0, back + length >= Self.passageBytesMin else { return nil }
            return Match(text: position - back..<position + length, start: start - back)
        }
    }

    private mutating func add(_ passage: Passage) {
        if let code = codes[passage] { return pieces.codes.append(code) }
        pieces.codes.append(UInt32(codes.count))
        codes[passage] = UInt32(codes.count)
    }

    private mutating func add(_ text: UnsafeRawBufferPointer, _ own: Range<Int>) {
        if own.isEmpty { return }
        pool.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[own]))
        ownBytes += own.count
        index()
    }

    private mutating func endOwnPiece() {
        pieces.ownLengths.append(UInt32(ownBytes))
        ownBytes = 0
    }

    // MARK: Fingerprints

    private mutating func index() {
        if pool.count / Self.strideBytes > slots.count / 2, slots.count < Self.slotsMax {
            slots = [UInt32](repeating: 0, count: slots.count * 4)
            indexed = 0
        }
        pool.withUnsafeBytes { pool in
            while indexed + Self.windowBytes <= pool.count {
                slots[slot(pool, indexed)] = UInt32(indexed + 1)
                indexed += Self.strideBytes
            }
        }
    }

    @inline(__always)
    private func slot(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        let a = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let b = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
        let mixed = (a &* 0x9e37_79b9_7f4a_7c15 ^ (b &* 0xc2b2_ae3d_27d4_eb4f) >> 7)
        return Int(truncatingIfNeeded: (mixed &* 0x9e37_79b9_7f4a_7c15) >> 32) & (slots.count - 1)
    }
}

/// How many bytes agree from two places on.
private func commonBytes(
    _ a: UnsafeRawBufferPointer, _ aStart: Int, _ b: UnsafeRawBufferPointer, _ bStart: Int
) -> Int {
    let most = min(a.count - aStart, b.count - bStart)
    var length = 0
    while length + 8 <= most {
        let difference =
            a.loadUnaligned(fromByteOffset: aStart + length, as: UInt64.self).littleEndian
            ^ b.loadUnaligned(fromByteOffset: bStart + length, as: UInt64.self).littleEndian
        if difference != 0 { return length + difference.trailingZeroBitCount / 8 }
        length += 8
    }
    while length < most, a[aStart + length] == b[bStart + length] { length += 1 }
    return length
}
