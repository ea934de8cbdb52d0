import TestSupport
import Testing

@testable import JSON

/// Reads a whole document, as strictly as the cursor does.
private func read(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
        var cursor = JSONCursor(bytes)
        try cursor.skip()
        if !cursor.isAtEnd() { throw cursor.error("more than one value") }
    }
}

@Suite struct `JSON cursor` {
    /// Files of the JSON parsing test suite that the standard leaves open, and that are refused.
    private static let refused: Set<String> = [
        // UTF-16 is not UTF-8.
        "i_string_UTF-16LE_with_BOM.json", "i_string_utf16BE_no_BOM.json",
        "i_string_utf16LE_no_BOM.json",
        // Deeper than 100.
        "i_structure_500_nested_arrays.json",
    ]

    @Test(
        .enabled(if: SharedData.isThere, "EVERYSPAN_SHARED is not set"),
        arguments: SharedData.files("json-parsing"))
    func `accepts what is JSON and refuses what is not`(file: String) throws {
        guard file.hasSuffix(".json") else { return }
        let bytes = try SharedData.bytes("json-parsing/\(file)")
        if file.hasPrefix("y_") || (file.hasPrefix("i_") && !Self.refused.contains(file)) {
            #expect(throws: Never.self) { try read(bytes) }
        } else {
            #expect(throws: JSONError.self) { try read(bytes) }
        }
    }

    @Test(arguments: [
        (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (#""\u00e9\u4e2d\ud83d\ude00""#, "é中😀"),
        ("\"é中😀 and some more text\"", "é中😀 and some more text"),
        (#""\ud83d""#, "\u{FFFD}"), (#""\ude00\ud83dx""#, "\u{FFFD}\u{FFFD}x"),
        (#""\u0000""#, "\0"),
    ])
    func `decodes strings`(json: String, text: String) throws {
        try Array(json.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            let found = try cursor.string().decodedString
            #expect(found == text)
        }
    }

    @Test func `replaces invalid UTF-8 and says so`() throws {
        let bytes = Array("\"caf".utf8) + [0xC3] + Array("\"".utf8)
        try bytes.withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            var scratch: [UInt8] = []
            try cursor.string().withBytes(&scratch) { text, isRepaired in
                #expect(String(decoding: text, as: UTF8.self) == "caf\u{FFFD}")
                #expect(isRepaired)
            }
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
            ("123456789012345678901234567890", nil),
        ] as [(String, Int64?)])
    func `keeps integers exact`(text: String, value: Int64?) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            let found = try cursor.number().int64
            #expect(found == value)
        }
    }

    @Test(
        arguments: [
            ("1e3", 1000), ("1.5", nil), ("18446744073709551615", .max), ("-1", nil), ("5.0", 5),
            ("1.790000000001e18", 1_790_000_000_001_000_000),
            ("1790000000000000001.000", 1_790_000_000_000_000_001),
            ("1.8446744073709551615e+19", .max), ("1.8446744073709551616e19", nil), ("1e20", nil),
            ("0e99999999999999999999", 0), ("1e99999999999999999999", nil), ("-0.0", 0),
            ("-1e0", nil),
            ("1000e-3", 1), ("1001e-3", nil), ("0.001e3", 1), ("0.00100e3", 1), ("10.05e1", nil),
        ]
            as [(String, UInt64?)])
    func `reads times however they are written`(text: String, value: UInt64?) throws {
        try Array(text.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            let found = try cursor.number().uint64
            #expect(found == value)
        }
    }

    @Test func `rounds doubles as the standard library does`() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...20, using: &random)
            var text = Bool.random(using: &random) ? "-" : ""
            text += "\(Int.random(in: 1...9, using: &random))"
            for place in 1..<max(2, digits) {
                if place == digits / 2 { text += "." }
                text += "\(Int.random(in: 0...9, using: &random))"
            }
            if text.last == "." { text += "0" }
            if Int.random(in: 0...3, using: &random) == 0 {
                text += "e\(Int.random(in: -320...310, using: &random))"
            }
            try Array(text.utf8).withUnsafeBytes { bytes in
                var cursor = JSONCursor(bytes)
                let found = try cursor.number().double.bitPattern
                #expect(found == Double(text)?.bitPattern, "\(text)")
            }
        }
    }

    @Test(arguments: [(100, true), (101, false), (100_000, false)])
    func `stops at its depth`(depth: Int, isAccepted: Bool) {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = open == "[" ? "" : "1"
            let text =
                String(repeating: open, count: depth) + inner
                + String(repeating: close, count: depth)
            if isAccepted {
                #expect(throws: Never.self) { try read(Array(text.utf8)) }
            } else {
                #expect { try read(Array(text.utf8)) } throws: { error in
                    if case .tooDeep? = error as? JSONError { true } else { false }
                }
            }
        }
    }

    @Test func `refuses a document cut at any byte`() {
        let document = Array(
            #"{"a":[1,-2.5e-3,"x\u00e9\ud83d\ude00é",true,false,null,{}],"b":{"c":[]},"d":"\\"}"#
                .utf8)
        #expect(throws: Never.self) { try read(document) }
        for length in 0..<document.count {
            #expect(throws: JSONError.self) { try read(Array(document.prefix(length))) }
        }
    }

    @Test(arguments: 0..<8) func `never reads beyond its bytes whatever they are`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let document = Array(#"{"a":[1,-2.5e-3,"x\u00e9 é",true,null,{"k":"\\"}]}"#.utf8)
        for _ in 0..<5000 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            do { try read(bytes) } catch {
                guard case .malformed(_, let offset)? = error as? JSONError else { continue }
                #expect((0...bytes.count).contains(offset))
            }
        }
    }
}
