/// Finds texts of a pool without writing them out.
///
/// What is looked for lies in an own piece or in a passage, and then it lies in the pool, which is searched once; or it lies
/// over an end of a passage, whose bytes then agree with a beginning or an end of it. So each passage is looked at once,
/// and a text only says which passages it has.
struct TextSearch {
    private let texts: PooledTexts

    init(_ texts: PooledTexts) { self.texts = texts }

    /// Of what is longer only its beginning is looked for among passages; texts that have it are written out.
    static let needleBytesMax = 64

    /// For each text whether it has these bytes somewhere.
    func containing(_ needle: [UInt8]) -> [Bool] {
        if needle.isEmpty { return [Bool](repeating: true, count: texts.textCount) }
        if needle.count <= Self.needleBytesMax { return find(needle) }
        var found = find(Array(needle.prefix(Self.needleBytesMax)))
        let candidates = found
        needle.withUnsafeBytes { needle in
            texts.forEach(candidates) { text, bytes in
                found[text] = ByteSearch.contains(bytes, needle)
            }
        }
        return found
    }

    /// For each text whether it begins with these bytes.
    func starting(with beginning: [UInt8]) -> [Bool] {
        compare(beginning) { length, agrees in agrees && length >= beginning.count }
    }

    /// For each text whether it is this one.
    func equal(to text: [UInt8]) -> [Bool] {
        compare(text) { length, agrees in agrees && length == text.count }
    }

    // MARK: Beginnings

    /// - Parameter decide: takes a text's length, and whether it agrees with `wanted` as far as both go.
    private func compare(
        _ wanted: [UInt8], _ decide: (_ length: Int, _ agrees: Bool) -> Bool
    ) -> [Bool] {
        var found = [Bool](repeating: false, count: texts.textCount)
        let passages = texts.directory.passages
        texts.pool.withUnsafeBytes { pool in
            wanted.withUnsafeBytes { wanted in
                var text = 0
                texts.forEachText { reader in
                    var length = 0
                    var agrees = true
                    reader.forEachPiece(passages) { piece in
                        if agrees, length < wanted.count {
                            let count = min(piece.count, wanted.count - length)
                            agrees = equalBytes(pool, piece.lowerBound, wanted, length, count)
                        }
                        length += piece.count
                    }
                    found[text] = decide(length, agrees)
                    text += 1
                }
            }
        }
        return found
    }

    // MARK: Anywhere

    private func find(_ needle: [UInt8]) -> [Bool] {
        var found = [Bool](repeating: false, count: texts.textCount)
        texts.pool.withUnsafeBytes { pool in
            needle.withUnsafeBytes { needle in
                let places = BytePlaces(of: needle, in: pool)
                let marks = PassageMarks(texts.directory.passages, pool, needle, places)
                if places.isEmpty, !marks.hasAny { return }
                find(needle, pool, places, marks, &found)
            }
        }
        return found
    }

    private func find(
        _ needle: UnsafeRawBufferPointer, _ pool: UnsafeRawBufferPointer, _ places: BytePlaces,
        _ marks: PassageMarks, _ found: inout [Bool]
    ) {
        let passages = texts.directory.passages
        var text = 0
        var cursor = places.cursor
        var pieces: [Piece] = []
        marks.bits.withUnsafeBufferPointer { bits in
            texts.forEachText { reader in
                let beginning = reader
                var isFound = false
                var all: UInt8 = 0
                var count = reader.passageCount()
                while true {
                    let own = reader.ownPiece()
                    let place = cursor.first(from: own.lowerBound)
                    isFound = isFound || place <= own.upperBound - needle.count
                    if count == 0 { break }
                    count -= 1
                    all |= bits[reader.passage()]
                }
                if isFound || all & PassageMarks.contains != 0 {
                    found[text] = true
                } else if all & PassageMarks.ends != 0 {
                    Piece.read(beginning, passages, marks, into: &pieces)
                    found[text] = Self.straddles(needle, pool, pieces)
                }
                text += 1
            }
        }
    }

    private struct Piece {
        let range: Range<Int>
        /// Of a passage; an own piece may do either.
        let marks: UInt8

        static func read(
            _ reader: TextBlock.Reader, _ passages: Passages, _ marks: PassageMarks,
            into pieces: inout [Piece]
        ) {
            pieces.removeAll(keepingCapacity: true)
            var reader = reader
            let count = reader.passageCount()
            for number in 0...count {
                if number > 0 {
                    let code = reader.passage()
                    pieces.append(Piece(range: passages.range(code), marks: marks.bits[code]))
                }
                let own = reader.ownPiece()
                if !own.isEmpty { pieces.append(Piece(range: own, marks: PassageMarks.ends)) }
            }
        }
    }

    /// Whether the needle lies over the border of two pieces.
    private static func straddles(
        _ needle: UnsafeRawBufferPointer, _ pool: UnsafeRawBufferPointer, _ pieces: [Piece]
    ) -> Bool {
        var window: [UInt8] = []
        for border in pieces.indices.dropFirst()
        where pieces[border - 1].marks & PassageMarks.tail != 0
            && pieces[border].marks & PassageMarks.head != 0
        {
            window.removeAll(keepingCapacity: true)
            // As many bytes before the border and behind it as the needle can have there.
            var first = border - 1
            var before = pieces[first].range.count
            while before < needle.count - 1, first > 0 {
                first -= 1
                before += pieces[first].range.count
            }
            var skipped = max(0, before - (needle.count - 1))
            for piece in pieces[first..<border] {
                window.append(contentsOf: pool[piece.range.dropFirst(skipped)])
                skipped = 0
            }
            var behind = 0
            for piece in pieces[border...] {
                if behind >= needle.count - 1 { break }
                let part = piece.range.prefix(needle.count - 1 - behind)
                window.append(contentsOf: pool[part])
                behind += part.count
            }
            if window.withUnsafeBytes({ ByteSearch.contains($0, needle) }) { return true }
        }
        return false
    }
}

/// What each passage has of a needle.
private struct PassageMarks {
    static let contains: UInt8 = 1
    /// It ends with a beginning of the needle.
    static let tail: UInt8 = 2
    /// It begins with an end of the needle.
    static let head: UInt8 = 4
    static let ends: UInt8 = 6

    /// By code.
    private(set) var bits: [UInt8]
    /// Some passage has something of it.
    private(set) var hasAny = false

    init(
        _ passages: Passages, _ pool: UnsafeRawBufferPointer, _ needle: UnsafeRawBufferPointer,
        _ places: BytePlaces
    ) {
        bits = [UInt8](repeating: 0, count: passages.count)
        var tailBytes = [Bool](repeating: false, count: 256)
        var headBytes = tailBytes
        for byte in needle.dropLast() { tailBytes[Int(byte)] = true }
        for byte in needle.dropFirst() { headBytes[Int(byte)] = true }
        var cursor = places.cursor
        for code in bits.indices {
            let range = passages.range(code)
            if range.isEmpty { continue }
            // Passages come in the order of their starts.
            let place = cursor.first(from: range.lowerBound)
            if place <= range.upperBound - needle.count { bits[code] |= Self.contains }
            if tailBytes[Int(pool[range.upperBound - 1])], Self.isTail(range, pool, needle) {
                bits[code] |= Self.tail
            }
            if headBytes[Int(pool[range.lowerBound])], Self.isHead(range, pool, needle) {
                bits[code] |= Self.head
            }
            hasAny = hasAny || bits[code] != 0
        }
    }

    /// A passage shorter than the needle may lie in the midst of it.
    private static func isTail(
        _ range: Range<Int>, _ pool: UnsafeRawBufferPointer, _ needle: UnsafeRawBufferPointer
    ) -> Bool {
        (1..<needle.count).contains { length in
            let count = min(length, range.count)
            return equalBytes(pool, range.upperBound - count, needle, length - count, count)
        }
    }

    private static func isHead(
        _ range: Range<Int>, _ pool: UnsafeRawBufferPointer, _ needle: UnsafeRawBufferPointer
    ) -> Bool {
        (1..<needle.count).contains { start in
            let count = min(needle.count - start, range.count)
            return equalBytes(pool, range.lowerBound, needle, start, count)
        }
    }
}

@inline(__always)
private func equalBytes(
    _ a: UnsafeRawBufferPointer, _ aStart: Int, _ b: UnsafeRawBufferPointer, _ bStart: Int,
    _ count: Int
) -> Bool {
    for index in 0..<count where a[aStart + index] != b[bStart + index] { return false }
    return true
}
