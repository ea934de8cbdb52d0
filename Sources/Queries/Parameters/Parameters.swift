internal import Foundation
internal import Spans
internal import Store

/// The parameters of a query: of a URL, of a form, or the members of a JSON object.
package struct Parameters: Sendable {
    private var values: [String: String] = [:]

    package init() {}

    /// Whether a parameter was given.
    package subscript(name: String) -> String? { values[name] }

    /// All of them but those that say which time is meant, by name: what else a question is made of.
    package var textWithoutTimes: String {
        values.filter { !["since", "from", "to", "vs"].contains($0.key) || $0.value == "ok" }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\0")
    }

    /// Reads `a=1&b=2`.
    ///
    /// - Parameter isForm: in a form a raw space was typed by hand and `+` is itself then; otherwise `+`
    ///   is a space.
    package mutating func add(urlEncoded text: String, isForm: Bool = false) throws {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(parts[0], plusIsSpace: true)
            let raw = parts.count > 1 ? parts[1] : ""
            let value = try Self.decoded(raw, plusIsSpace: !(isForm && raw.contains(" ")))
            try add(name, value)
        }
    }

    /// Reads a JSON object whose members are texts, numbers, truth values, or lists of texts.
    package mutating func add(json: [UInt8]) throws {
        let members: [String: JSONParameter]
        do {
            members = try JSONDecoder().decode([String: JSONParameter].self, from: Data(json))
        } catch {
            throw QueryFailure(
                "bad_body", "expected a JSON object of parameters: texts, numbers or lists of texts"
            )
        }
        for (name, value) in members { try add(name, value.text) }
    }

    private mutating func add(_ name: String, _ value: String) throws {
        if values.updateValue(value, forKey: name) != nil {
            throw QueryFailure("repeated_parameter", "\(name) is given more than once")
        }
    }

    /// Refuses names that a route does not use.
    package func allow(only known: [Parameter]) throws {
        let known = known.map(\.name)
        for name in values.keys.sorted() where !known.contains(name) {
            let all = known.isEmpty ? "no parameters" : known.joined(separator: ", ")
            let hint =
                NearestName.of(name, among: known).first.map { "did you mean \($0)?" }
                ?? "it takes \(all)"
            throw QueryFailure("unknown_parameter", "\(name) is not used here; \(hint)")
        }
    }

    private static func decoded(_ text: Substring, plusIsSpace: Bool) throws -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(32)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(Hex.value),
                    let low = rest.popFirst().flatMap(Hex.value)
                else {
                    throw QueryFailure(
                        "bad_encoding", "\(text): a % is followed by two hexadecimal digits")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw QueryFailure("bad_encoding", "\(text) is not UTF-8")
        }
        return decoded
    }
}

/// A parameter as a JSON value.
private struct JSONParameter: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self.text = text
        } else if let flag = try? value.decode(Bool.self) {
            text = flag ? "true" : "false"
        } else if let number = try? value.decode(Int64.self) {
            text = String(number)
        } else if let number = try? value.decode(Double.self) {
            text = "\(number)"
        } else {
            text = try value.decode([String].self).joined(separator: ",")
        }
    }
}
