import TestSupport
import Testing

@testable import Zlib

@Suite struct `Encoded bodies` {
    private static let text = Array(String(repeating: "spans and more spans ", count: 20_000).utf8)

    @Test(arguments: [(ContentCoding.gzip, ZlibFormat.gzip), (.deflate, .zlib), (.deflate, .raw)])
    func `are inflated, with either form of deflate`(coding: ContentCoding, format: ZlibFormat)
        throws
    {
        for body in [[], [1], Self.text] {
            let encoded = try deflate(body, level: 6, format: format)
            #expect(try inflateBody(encoded, coding: coding, bytesMax: 1 << 20) == body)
        }
    }

    @Test func `may have several gzip members`() throws {
        let encoded =
            try deflate(Array("one".utf8), level: 1, format: .gzip)
            + deflate(Array("two".utf8), level: 9, format: .gzip)
        #expect(try inflateBody(encoded, coding: .gzip, bytesMax: 100) == Array("onetwo".utf8))
    }

    @Test(arguments: [(ContentCoding.gzip, ZlibFormat.gzip), (.deflate, .zlib), (.deflate, .raw)])
    func `are refused when cut at any byte`(coding: ContentCoding, format: ZlibFormat) throws {
        let encoded = try deflate(Array("some text to compress".utf8), level: 6, format: format)
        for length in 1..<encoded.count {
            #expect(throws: BodyError.self) {
                try inflateBody(Array(encoded.prefix(length)), coding: coding, bytesMax: 100)
            }
        }
    }

    @Test(arguments: [ContentCoding.gzip, .deflate])
    func `are refused when damaged or followed by something else`(coding: ContentCoding) throws {
        let encoded = try deflate(Self.text, level: 6, format: coding == .gzip ? .gzip : .zlib)
        #expect(throws: BodyError.self) {
            try inflateBody(encoded + [7], coding: coding, bytesMax: 1 << 20)
        }
        var damaged = encoded
        damaged[encoded.count - 2] ^= 1
        #expect(throws: BodyError.self) {
            try inflateBody(damaged, coding: coding, bytesMax: 1 << 20)
        }
        #expect(throws: BodyError.self) {
            try inflateBody(Array("plain text".utf8), coding: coding, bytesMax: 100)
        }
    }

    @Test func `stop at the limit, and not before`() throws {
        let encoded = try deflate([UInt8](repeating: 0, count: 1_000_000), level: 9, format: .gzip)
        #expect(try inflateBody(encoded, coding: .gzip, bytesMax: 1_000_000).count == 1_000_000)
        #expect(throws: BodyError.tooLarge(bytesMax: 999_999)) {
            try inflateBody(encoded, coding: .gzip, bytesMax: 999_999)
        }
    }

    @Test(
        arguments: [
            (nil, .identity), ("", .identity), ("identity", .identity), ("GZIP", .gzip),
            ("x-gzip", .gzip),
            (" deflate ", .deflate), ("br", nil), ("gzip, gzip", nil),
        ] as [(String?, ContentCoding?)])
    func `are named by a header`(header: String?, coding: ContentCoding?) {
        #expect(ContentCoding(header: header) == coding)
    }
}
