import ArgumentParser
import Foundation

/// Cuts a file into requests, reading no more of it than one needs.
struct ImportFile {
    struct Request {
        let path: String
        let contentType: String
        let body: [UInt8]
        /// Where it lies in the file, for messages.
        let place: String
        /// How much of the file it is.
        let bytes: Int
    }

    private enum Form {
        case native
        case otlpProtobuf
        case otlpJSON
        /// One request a line.
        case otlpJSONLines
    }

    private let path: String
    private let handle: FileHandle
    private let spansPerRequest: Int
    private var form = Form.native
    private var buffer: [UInt8] = []
    private var isAtEnd = false
    private var line = 1

    init(path: String, spansPerRequest: Int) throws {
        self.path = path
        self.spansPerRequest = max(1, spansPerRequest)
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw ValidationError("cannot read \(path)")
        }
        self.handle = handle
        try fill()
        form = try detect()
    }

    private mutating func detect() throws -> Form {
        if path.hasSuffix(".pb") || path.hasSuffix(".binpb") { return .otlpProtobuf }
        let head = String(decoding: buffer.prefix(4096), as: UTF8.self)
        guard head.contains("resourceSpans") || head.contains("resource_spans") else {
            return .native
        }
        while !isAtEnd, !buffer.contains(10) { try fill() }
        // A line that ends as it began is a request of its own.
        let first = buffer.prefix { $0 != 10 }.filter { $0 != 13 }
        return first.first == UInt8(ascii: "{") && first.last == UInt8(ascii: "}")
            && first.count > 1
            ? .otlpJSONLines : .otlpJSON
    }

    private mutating func fill() throws {
        guard let data = try handle.read(upToCount: 4 << 20), !data.isEmpty else {
            isAtEnd = true
            return
        }
        buffer += data
    }

    /// The next request; nil at the end.
    mutating func next() throws -> Request? {
        switch form {
        case .native:
            return try lines(spansPerRequest, path: "/v1/spans", "application/json")
        case .otlpJSONLines: return try lines(1, path: "/v1/traces", "application/json")
        case .otlpJSON: return try whole("application/json")
        case .otlpProtobuf: return try whole("application/x-protobuf")
        }
    }

    private mutating func whole(_ type: String) throws -> Request? {
        while !isAtEnd { try fill() }
        if buffer.isEmpty { return nil }
        defer { buffer = [] }
        return Request(
            path: "/v1/traces", contentType: type, body: buffer, place: self.path,
            bytes: buffer.count)
    }

    private mutating func lines(
        _ count: Int, path: String, _ type: String
    ) throws -> Request? {
        var skipped = 0
        while let (body, lines) = try take(count) {
            defer { line += lines }
            // A server refuses a body with nothing in it.
            guard body.contains(where: { ![9, 10, 13, 32].contains($0) }) else {
                skipped += body.count
                continue
            }
            return Request(
                path: path, contentType: type, body: body, place: "\(self.path), line \(line)",
                bytes: body.count + skipped)
        }
        return nil
    }

    /// Up to so many lines, with their ends, and how many; nil at the end.
    private mutating func take(_ count: Int) throws -> (body: [UInt8], lines: Int)? {
        var end = 0
        var found = 0
        while found < count {
            if let feed = buffer[end...].firstIndex(of: 10) {
                end = feed + 1
                found += 1
            } else if isAtEnd {
                end = buffer.count
                break
            } else {
                try fill()
            }
        }
        if end == 0 { return nil }
        let body = Array(buffer[..<end])
        buffer.removeFirst(end)
        return (body, found)
    }
}
