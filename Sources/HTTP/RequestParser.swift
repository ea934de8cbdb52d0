internal import HTTPTypes

#if canImport(Glibc)
    private import Glibc
#else
    private import Darwin
#endif

/// Reads HTTP/1 requests from bytes as they come, in whatever pieces (RFC 9112). No I/O, so that it can
/// be tested and fuzzed by itself.
///
/// Strict where leniency lets two readers of one request disagree about where it ends: bare line feeds,
/// folded fields, space before a colon, and lengths that contradict each other are refused.
package struct RequestParser {
    package enum Event {
        case head(RequestHead)
        /// A piece of the body, as a range of the bytes given.
        case body(Range<Int>)
        case end
    }

    private enum State {
        case requestLine
        case fields
        case body(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers
        /// The head was reported, and the request has no body.
        case empty
    }

    private let limits: HTTPLimits
    private var state = State.requestLine
    /// A line of which the end has not come.
    private var line: [UInt8] = []
    private var headerBytes = 0
    private var head = HeadBuilder()

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Whether nothing of a next request has come.
    package var isBetweenRequests: Bool {
        if case .requestLine = state { line.isEmpty } else { false }
    }

    /// Reads on until something has happened.
    ///
    /// - Returns: how many of the bytes are used up, and what happened; nil if more bytes are needed.
    package mutating func next(
        _ bytes: UnsafeRawBufferPointer
    ) throws(HTTPError) -> (used: Int, event: Event?) {
        var used = 0
        while true {
            switch state {
            case .body(let remaining):
                if remaining == 0 { return finish(used) }
                let count = min(remaining, bytes.count - used)
                if count == 0 { return (used, nil) }
                state = .body(remaining: remaining - count)
                return (used + count, .body(used..<used + count))
            case .chunkData(let remaining):
                let count = min(remaining, bytes.count - used)
                if count == 0 { return (used, nil) }
                state = remaining == count ? .chunkEnd : .chunkData(remaining: remaining - count)
                return (used + count, .body(used..<used + count))
            case .empty: return finish(used)
            case .requestLine, .fields, .chunkSize, .chunkEnd, .trailers:
                guard try takeLine(bytes, &used) else { return (used, nil) }
                if let event = try read() { return (used, event) }
            }
        }
    }

    private mutating func finish(_ used: Int) -> (used: Int, event: Event?) {
        state = .requestLine
        line.removeAll(keepingCapacity: true)
        headerBytes = 0
        head = HeadBuilder()
        return (used, .end)
    }

    // MARK: Lines

    /// Moves bytes into `line` up to the next line feed. False if it has not come.
    private mutating func takeLine(
        _ bytes: UnsafeRawBufferPointer, _ used: inout Int
    ) throws(HTTPError) -> Bool {
        guard used < bytes.count, let base = bytes.baseAddress else { return false }
        let found = memchr(base + used, 10, bytes.count - used)
        let end = found.map { UnsafeRawPointer($0) - base + 1 } ?? bytes.count
        let limit = lineBytesMax
        if line.count + end - used > limit + 2 { throw lineTooLong }
        line.append(contentsOf: bytes[used..<end])
        used = end
        if found == nil { return false }
        guard line.count >= 2, line[line.count - 2] == 13 else {
            throw .badRequest("a line ends with a carriage return and a line feed")
        }
        line.removeLast(2)
        return true
    }

    private var lineBytesMax: Int {
        switch state {
        case .requestLine: limits.requestLineBytesMax
        case .fields, .trailers: max(0, limits.headerBytesMax - headerBytes)
        // A size has 16 digits at most; extensions are taken and not used.
        default: 1024
        }
    }

    private var lineTooLong: HTTPError {
        switch state {
        case .requestLine:
            HTTPError(
                .uriTooLong, "the request line has more than \(limits.requestLineBytesMax) bytes")
        case .fields, .trailers:
            HTTPError(
                .requestHeaderFieldsTooLarge,
                "the header has more than \(limits.headerBytesMax) bytes")
        default: .badRequest("a chunk's size line has more than 1024 bytes")
        }
    }

    /// Reads the line that was taken, and empties it.
    private mutating func read() throws(HTTPError) -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        switch state {
        case .requestLine:
            // Some clients send an empty line after a body (RFC 9112, 2.2).
            if line.isEmpty { return nil }
            try head.readRequestLine(line)
            state = .fields
        case .fields:
            if line.isEmpty { return try headComplete() }
            try countField()
            try head.readField(line)
        case .trailers:
            if line.isEmpty {
                state = .empty
                return nil
            }
            // Trailers are checked like fields, and nothing reads them.
            try countField()
            var ignored = HeadBuilder()
            try ignored.readField(line)
        case .chunkSize:
            let size = try ChunkSize.read(line)
            state = size == 0 ? .trailers : .chunkData(remaining: size)
        case .chunkEnd:
            if !line.isEmpty { throw .badRequest("a chunk is longer than its size") }
            state = .chunkSize
        default: break
        }
        return nil
    }

    private mutating func countField() throws(HTTPError) {
        headerBytes += line.count + 2
        if headerBytes > limits.headerBytesMax { throw lineTooLong }
        head.fieldCount += 1
        if head.fieldCount > limits.headerFieldsMax {
            throw HTTPError(
                .requestHeaderFieldsTooLarge,
                "the header has more than \(limits.headerFieldsMax) fields")
        }
    }

    private mutating func headComplete() throws(HTTPError) -> Event {
        let head = try head.finished()
        if head.isChunked {
            state = .chunkSize
        } else {
            state =
                (head.contentLength ?? 0) > 0 ? .body(remaining: head.contentLength ?? 0) : .empty
        }
        return .head(head)
    }
}

/// The size of a chunk, with extensions that are not used (RFC 9112, 7.1).
enum ChunkSize {
    static func read(_ line: [UInt8]) throws(HTTPError) -> Int {
        var size = 0
        var index = 0
        while index < line.count, let digit = digit(line[index]) {
            if size > Int.max >> 8 { throw .badRequest("a chunk's size is too large") }
            size = size << 4 | digit
            index += 1
        }
        if index == 0 { throw .badRequest("a chunk begins with its size in hexadecimal digits") }
        if index < line.count { try checkExtensions(line[index...]) }
        return size
    }

    /// `;name`, `;name=token` or `;name="text"`, any number of them.
    private static func checkExtensions(_ bytes: ArraySlice<UInt8>) throws(HTTPError) {
        let fault = HTTPError.badRequest("a chunk's size is followed by ; or the line's end")
        var rest = bytes
        while let first = rest.popFirst() {
            guard first == UInt8(ascii: ";") else { throw fault }
            let name = rest.prefix(while: Token.isPart)
            if name.isEmpty { throw fault }
            rest = rest.dropFirst(name.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "\"") {
                rest = try afterQuoted(rest.dropFirst(), fault)
            } else {
                let value = rest.prefix(while: Token.isPart)
                if value.isEmpty { throw fault }
                rest = rest.dropFirst(value.count)
            }
        }
    }

    private static func afterQuoted(
        _ bytes: ArraySlice<UInt8>, _ fault: HTTPError
    ) throws(HTTPError) -> ArraySlice<UInt8> {
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return rest
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), FieldValue.isPart(escaped) else { throw fault }
            default: if !FieldValue.isPart(byte) { throw fault }
            }
        }
        throw fault
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte) - 48
        case 65...70: Int(byte) - 55
        case 97...102: Int(byte) - 87
        default: nil
        }
    }
}

/// The characters of names and methods (RFC 9110, 5.6.2).
enum Token {
    @inline(__always)
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 94...122, 33, 35...39, 42, 43, 45, 46, 124, 126: true
        default: false
        }
    }
}

/// The characters of field values (RFC 9110, 5.5): no control character but the tab.
enum FieldValue {
    @inline(__always)
    static func isPart(_ byte: UInt8) -> Bool { (byte >= 32 && byte != 127) || byte == 9 }
}
