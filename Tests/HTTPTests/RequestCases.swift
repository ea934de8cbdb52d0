import Foundation
import TestSupport

/// The request cases of llhttp's test suite: Markdown with a block of bytes and one of expected events.
struct RequestCase {
    struct Message: Equatable {
        var method = ""
        var url = ""
        var fields: [[String]] = []
        var body = ""
        var isHeadComplete = false
    }

    let name: String
    let type: String
    let input: [UInt8]
    let messages: [Message]
    /// The code of the error that ends it; nil if none does.
    let errorCode: Int?

    static let files = [
        "connection", "content-length", "finish", "invalid", "method", "pausing", "pipelining",
        "sample", "transfer-encoding", "uri",
    ]

    /// All cases of strict mode.
    static let all: [RequestCase] = files.flatMap { file in
        let bytes = (try? SharedData.bytes("http-requests/\(file).md")) ?? []
        return cases(String(decoding: bytes, as: UTF8.self), file)
    }.filter { $0.type == "request" }

    private static func cases(_ text: String, _ file: String) -> [RequestCase] {
        var cases: [RequestCase] = []
        var heading = ""
        var type = ""
        var input: [UInt8] = []
        var block: [String]?
        var language = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                guard let lines = block else {
                    language = String(line.dropFirst(3))
                    block = []
                    continue
                }
                block = nil
                if language == "http" { input = bytes(lines.joined(separator: "\n")) }
                if language == "log" {
                    let (messages, code) = events(lines)
                    cases.append(
                        RequestCase(
                            name: "\(file): \(heading)", type: type, input: input,
                            messages: messages, errorCode: code))
                }
            } else if block != nil {
                block?.append(String(line))
            } else if line.hasPrefix("#") {
                heading = String(line.drop { $0 == "#" || $0 == " " })
            } else if line.contains("meta=") {
                type =
                    line.split(separator: "\"").map(String.init).first { $0.hasPrefix("request") }
                    ?? ""
                if line.contains("skipBody") { type = "skip" }
            }
        }
        return cases
    }

    /// Newlines are CRLF, a backslash at a line's end joins lines, and escapes are escapes.
    private static func bytes(_ text: String) -> [UInt8] {
        let joined = text.replacing("\\\n", with: "").replacing("\n", with: "\r\n")
        return unescaped(joined, quotes: false)
    }

    private static func unescaped(_ text: String, quotes: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                bytes.append(byte)
                continue
            }
            switch next {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "x"):
                let digits = rest.dropFirst().prefix(2)
                bytes.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            case UInt8(ascii: "\"") where quotes, UInt8(ascii: "\\") where quotes:
                bytes.append(next)
            default:
                bytes.append(byte)
                continue
            }
            rest = rest.dropFirst()
        }
        return bytes
    }

    private static func events(_ lines: [String]) -> ([Message], Int?) {
        var messages: [Message] = []
        var code: Int?
        var name = ""
        var value = ""
        for line in lines {
            if line.hasSuffix("message begin") { messages.append(Message()) }
            if messages.isEmpty { messages.append(Message()) }
            let last = messages.count - 1
            if let span = span(line) {
                switch span.kind {
                case "method": messages[last].method += span.text
                case "url": messages[last].url += span.text
                case "header_field": name += span.text
                case "header_value": value += span.text
                case "body": messages[last].body += span.text
                default: break
                }
            }
            if line.contains("header_value complete") {
                if !messages[last].isHeadComplete {
                    let space = CharacterSet(charactersIn: " \t")
                    messages[last].fields.append([name, value.trimmingCharacters(in: space)])
                }
                name = ""
                value = ""
            }
            if line.contains("headers complete") { messages[last].isHeadComplete = true }
            if let range = line.firstRange(of: "error code=") {
                code = Int(line[range.upperBound...].prefix { $0.isNumber })
            }
        }
        return (messages, code)
    }

    private static func span(_ line: String) -> (kind: String, text: String)? {
        guard let open = line.firstRange(of: "span["), let close = line.firstRange(of: "]=\""),
            line.last == "\""
        else { return nil }
        let text = unescaped(String(line[close.upperBound...].dropLast()), quotes: true)
        return (
            String(line[open.upperBound..<close.lowerBound]), String(decoding: text, as: UTF8.self)
        )
    }
}
