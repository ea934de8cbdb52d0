import Spans
import TestSupport
import Testing
import Zlib

@testable import EmbeddedStore

/// Texts as prompts are: templates, passages that return in another place, small edits, histories that grow.
struct RandomTexts {
    private var random: SeededGenerator
    private var passages: [[UInt8]] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func texts(_ count: Int, bytesMax: Int) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        for _ in 0..<count { texts.append(text(texts, bytesMax)) }
        return texts
    }

    private mutating func text(_ before: [[UInt8]], _ bytesMax: Int) -> [UInt8] {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return []
        case 1: return [UInt8.random(in: 0...255, using: &random)]
        case 2: return [UInt8](repeating: 97, count: Int.random(in: 0...bytesMax, using: &random))
        case 3: return noise(bytesMax)
        case 4...5:
            guard var text = before.randomElement(using: &random), !text.isEmpty else { return [] }
            let place = Int.random(in: 0..<text.count, using: &random)
            if Bool.random(using: &random) { text[place] &+= 1 } else { text.remove(at: place) }
            return text
        case 6...7: return (before.randomElement(using: &random) ?? []) + noise(bytesMax / 4)
        default:
            var text: [UInt8] = []
            while text.count < bytesMax / 2 {
                if passages.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
                    passages.append(noise(bytesMax / 3))
                }
                text += passages.randomElement(using: &random) ?? []
                text += noise(9) + [32]
            }
            return text
        }
    }

    private mutating func noise(_ bytesMax: Int) -> [UInt8] {
        // Few different bytes, so that short passages agree by chance.
        let alphabet: ClosedRange<UInt8> = Bool.random(using: &random) ? 97...100 : 0...255
        return (0..<Int.random(in: 0...max(1, bytesMax), using: &random)).map { _ in
            UInt8.random(in: alphabet, using: &random)
        }
    }
}

@Suite struct `Pooled texts` {
    static func blocks(_ texts: [[UInt8]]) -> [[UInt8]] {
        var builder = TextPoolBuilder()
        for text in texts { text.withUnsafeBytes { builder.append($0) } }
        return TextPoolCodec.encode(builder)
    }

    static func expanded(_ blocks: [[UInt8]], count: Int) throws -> [[UInt8]] {
        let table = try PooledTexts(blocks, textCount: count).expanded()
        return (0..<table.count).map { code in table.withValue(code) { Array($0) } }
    }

    @Test(arguments: 0..<60)
    func `come back byte for byte`(seed: UInt64) throws {
        var random = RandomTexts(seed: seed)
        let texts = random.texts(Int(seed) * 5, bytesMax: [3, 40, 700, 9_000][Int(seed % 4)])
        let blocks = Self.blocks(texts)
        #expect(try Self.expanded(blocks, count: texts.count) == texts)
        let pooled = try PooledTexts(blocks, textCount: texts.count)
        for number in texts.indices {
            let place = try #require(pooled.directory.place(of: number))
            let pieces = pooled.blocks[place.block].pieces(
                of: place.index, pooled.directory.passages)
            #expect(Array(pieces.map { pooled.pool[$0] }.joined()) == texts[number])
        }
    }

    @Test func `come back where there are none, and where they are huge`() throws {
        #expect(try Self.expanded(Self.blocks([]), count: 0) == [])
        var random = RandomTexts(seed: 99)
        let long = Array(random.texts(400, bytesMax: 30_000).joined())
        #expect(long.count > 2_000_000)
        let texts = [long, Array(long.reversed()), long + [0] + long, []]
        #expect(try Self.expanded(Self.blocks(texts), count: 4) == texts)
    }

    @Test func `take a passage once, wherever it returns`() {
        var random = SeededGenerator(seed: 5)
        let passages = (0..<50).map { _ in
            (0..<2_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        // Each passage returns hundreds of texts later, beyond what zlib could see.
        let texts = (0..<1_000).map { number in
            Array("\(number) ".utf8) + passages[number % 50] + Array(" \(number) ".utf8)
                + passages[number * 7 % 50]
        }
        let size = Self.blocks(texts).reduce(0) { $0 + $1.count }
        #expect(size < passages.joined().count + 1_000 * 24)
        #expect(texts.joined().count > size * 25)
    }

    @Test func `repeat themselves within one text`() {
        var random = SeededGenerator(seed: 6)
        let passage = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let text = Array(repeatElement(passage, count: 20).joined())
        #expect(Self.blocks([text]).reduce(0) { $0 + $1.count } < 30_000)
    }

    @Test func `refuse blocks cut short at any point`() throws {
        var random = RandomTexts(seed: 8)
        let texts = random.texts(60, bytesMax: 300)
        let blocks = Self.blocks(texts)
        #expect(blocks.count >= 3)
        for number in blocks.indices {
            for length in 0..<blocks[number].count {
                var cut = blocks
                cut[number] = Array(blocks[number].prefix(length))
                #expect(throws: DamagedBytes.self) {
                    try PooledTexts(cut, textCount: texts.count)
                }
            }
            var missing = blocks
            missing.remove(at: number)
            #expect(throws: DamagedBytes.self) {
                try PooledTexts(missing, textCount: texts.count)
            }
        }
        #expect(throws: DamagedBytes.self) {
            try PooledTexts(blocks, textCount: texts.count + 1)
        }
    }

    @Test func `never trap on bytes that were changed`() throws {
        var random = SeededGenerator(seed: 9)
        var source = RandomTexts(seed: 9)
        let texts = source.texts(80, bytesMax: 200)
        let blocks = Self.blocks(texts)
        for _ in 0..<20_000 {
            var changed = blocks
            let number = Int.random(in: 0..<2, using: &random)
            let place = Int.random(in: 0..<changed[number].count, using: &random)
            changed[number][place] = UInt8.random(in: 0...255, using: &random)
            _ = try? Self.expanded(changed, count: texts.count)
        }
    }
}

@Suite struct `Long texts of a large segment` {
    /// Bytes columns hold what is no text too.
    @Test(arguments: [ValueType.string, .bytes])
    func `come back as a column`(type: ValueType) throws {
        var source = RandomTexts(seed: 3)
        let texts = Array(Set(source.texts(500, bytesMax: 900)))
        var column = ColumnData(
            key: ColumnKey(.span, .attribute, "prompt", type), presence: .all(1_000))
        for text in texts { text.withUnsafeBytes { column.strings.append($0) } }
        column.codes = (0..<1_000).map { UInt32($0 % texts.count) }
        let merged = try MergedEncoding.encode(column, rowCount: 1_000, traceEnds: [])
        #expect(merged.textBlocks.count > 2)
        #expect(merged.rawBytes > texts.joined().count)
        var read = try merged.data.opened().withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try ColumnCodec.read(
                &reader, key: column.key, rowCount: 1_000, traceEnds: [])
        }
        #expect(read.lacksTexts && read.valueCount == texts.count && read.codes == column.codes)
        read.strings = try PooledTexts(
            merged.textBlocks.map { try $0.opened() }, textCount: texts.count
        ).expanded()
        #expect(read.strings.bytes == column.strings.bytes)
        #expect(read.strings.ends == column.strings.ends)
    }
}

extension SealedBytes {
    fileprivate func opened() throws -> [UInt8] {
        isCompressed ? try bytes.withUnsafeBytes { try inflate($0, exactly: rawCount) } : bytes
    }
}

@Suite struct `Searching pooled texts` {
    @Test(arguments: 0..<24)
    func `finds what a search of each text finds`(seed: UInt64) throws {
        var source = RandomTexts(seed: seed + 100)
        let texts = source.texts(120, bytesMax: [30, 200, 1_500][Int(seed % 3)])
        let pooled = try PooledTexts(`Pooled texts`.blocks(texts), textCount: texts.count)
        let search = TextSearch(pooled)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let needle = Self.needle(texts, &random)
            #expect(
                search.containing(needle) == texts.map { Self.naive($0, needle) }, "\(needle)")
            #expect(search.starting(with: needle) == texts.map { $0.starts(with: needle) })
            #expect(search.equal(to: needle) == texts.map { $0 == needle })
        }
    }

    /// A part of a text, a whole one, a part with a change, or bytes of chance.
    private static func needle(_ texts: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        let text = texts.randomElement(using: &random) ?? []
        let start = Int.random(in: 0...text.count, using: &random)
        let length = [1, 2, 3, 9, 33, 63, 64, 65, 300].randomElement(using: &random) ?? 1
        var needle = Array(text[start...].prefix(length))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return text
        case 1 where !needle.isEmpty: needle[needle.count / 2] ^= 1
        case 2: return [UInt8.random(in: 97...100, using: &random)]
        default: break
        }
        return needle
    }

    private static func naive(_ text: [UInt8], _ needle: [UInt8]) -> Bool {
        if needle.count > text.count { return false }
        return (0...text.count - needle.count).contains {
            text[$0..<$0 + needle.count].elementsEqual(needle)
        }
    }
}
