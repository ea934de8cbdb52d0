/// Reads JSON in place, value by value, as RFC 8259 defines it and no looser.
///
/// Stock parsers lose what spans carry: integers beyond 2^53, the difference between 1 and 1.0, and
/// every span of a request whose strings hold a lone surrogate. This one keeps integers exact and
/// repairs text (`JSONString`). Nothing is allocated for what is skipped.
///
/// The bytes must outlive the cursor and everything that it returns.
package struct JSONCursor {
    /// Arrays and objects nest so deep at most: what is deeper would overflow the stack of a thread
    /// sooner or later.
    package static let depthMax = 100

    package enum Kind: Sendable {
        case object, array, string, number, boolean, null
    }

    let bytes: UnsafeRawBufferPointer
    package private(set) var offset = 0
    private var depth = 0

    /// A byte order mark at the beginning is skipped.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// The same bytes, read again from a value that was met before.
    package mutating func goBack(to offset: Int) { self.offset = offset }

    package func error(_ message: String) -> JSONError {
        .malformed(message: message, offset: offset)
    }

    // MARK: Between values

    @inline(__always)
    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    /// Whether nothing but white space is left.
    package mutating func isAtEnd() -> Bool {
        skipSpace()
        return offset == bytes.count
    }

    /// What comes next, by its first byte.
    package mutating func kind() throws(JSONError) -> Kind {
        skipSpace()
        guard offset < bytes.count else { throw error("the text ends where a value is expected") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        default: throw error("expected a value")
        }
    }

    // MARK: Objects and arrays

    package mutating func enterObject() throws(JSONError) { try enter("{") }
    package mutating func enterArray() throws(JSONError) { try enter("[") }

    private mutating func enter(_ open: Unicode.Scalar) throws(JSONError) {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: open) else {
            throw error("expected \(open)")
        }
        if depth == Self.depthMax { throw .tooDeep(offset: offset) }
        depth += 1
        offset += 1
    }

    /// The key of the next member, the cursor at its value; nil after the last.
    ///
    /// - Parameter isFirst: true before the first member; set to false.
    package mutating func nextKey(_ isFirst: inout Bool) throws(JSONError) -> JSONString? {
        guard try next("}", &isFirst) else { return nil }
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
            throw error("expected a key in quotes")
        }
        let key = try string()
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: ":") else {
            throw error("expected a colon")
        }
        offset += 1
        return key
    }

    /// Whether there is another element, the cursor at it.
    package mutating func nextElement(_ isFirst: inout Bool) throws(JSONError) -> Bool {
        try next("]", &isFirst)
    }

    private mutating func next(
        _ close: Unicode.Scalar, _ isFirst: inout Bool
    ) throws(JSONError) -> Bool {
        skipSpace()
        guard offset < bytes.count else { throw error("the text ends before \(close)") }
        if bytes[offset] == UInt8(ascii: close) {
            offset += 1
            depth -= 1
            return false
        }
        if !isFirst {
            guard bytes[offset] == UInt8(ascii: ",") else {
                throw error("expected a comma or \(close)")
            }
            offset += 1
            skipSpace()
        }
        isFirst = false
        return true
    }

    // MARK: Values

    package mutating func null() throws(JSONError) { try word("null") }

    package mutating func boolean() throws(JSONError) -> Bool {
        skipSpace()
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "t") {
            try word("true")
            return true
        }
        try word("false")
        return false
    }

    private mutating func word(_ word: StaticString) throws(JSONError) {
        skipSpace()
        let wanted = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes.count - offset >= wanted.count,
            bytes[offset..<offset + wanted.count].elementsEqual(wanted)
        else { throw error("expected \(word)") }
        offset += wanted.count
    }

    package mutating func string() throws(JSONError) -> JSONString {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
            throw error("expected a string")
        }
        offset += 1
        let start = offset
        let flags = try JSONString.scan(bytes, &offset)
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
        offset += 1
        return JSONString(raw: text, hasEscapes: flags.hasEscapes, isASCII: flags.isASCII)
    }

    package mutating func number() throws(JSONError) -> JSONNumber {
        skipSpace()
        return try JSONNumber.scan(bytes, &offset)
    }

    /// Passes over a value, whatever it is; it must be well formed.
    package mutating func skip() throws(JSONError) {
        let outer = depth
        // Which containers are open, so that no call nests: true for an object.
        var open: [Bool] = []
        var isFirst = true
        repeat {
            if let isObject = open.last {
                let isMore =
                    isObject ? try nextKey(&isFirst) != nil : try nextElement(&isFirst)
                if !isMore {
                    open.removeLast()
                    isFirst = false
                    continue
                }
            }
            switch try kind() {
            case .object:
                try enterObject()
                open.append(true)
                isFirst = true
            case .array:
                try enterArray()
                open.append(false)
                isFirst = true
            case .string: _ = try string()
            case .number: _ = try number()
            case .boolean: _ = try boolean()
            case .null: try null()
            }
        } while depth > outer
    }

    /// The bytes of the next value, passed over.
    package mutating func rawValue() throws(JSONError) -> UnsafeRawBufferPointer {
        skipSpace()
        let start = offset
        try skip()
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    /// After an error: goes to the next line at the outermost level. False if there is none.
    package mutating func recoverAtNextLine(from start: Int) -> Bool {
        depth = 0
        offset = start
        while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
        return !isAtEnd()
    }
}
