internal import Store

/// How the value that a source holds becomes values of its dimension.
package enum Reading: Sendable {
    case plain
    /// Words to other words; what is not listed says nothing. Letters' case does not matter.
    case words([String: String])
    /// The words that occur in a value, the first listed first.
    case parts([(part: String, word: String)])
    /// A count of tokens: not negative, and below 2^40.
    case tokens
    /// The sum over a JSON object's members that have this name or begin with it and `_`.
    case sum(String)
    case scaled(Double)
    case provider
    case providerUnlessFramework
    case providerOfHost
    case finishReason
    case locale
    /// What is left of a text that begins with one of these.
    case without(prefixes: [String])
    /// `RateLimitError` of `RateLimitError: slow down`.
    case errorClass
    /// HTTP status codes from 400 on.
    case httpError
    /// `sha256:` and the text's digest in hexadecimal.
    case hash
    /// The elements of a list as one text.
    case joined(String)
    /// The last element of a list.
    case last
    /// Lists and structures as one text.
    case whole
    /// Present at all: true.
    case present

    /// Whether lists are looked at whole, not element by element.
    package var takesLists: Bool {
        switch self {
        case .joined, .last, .whole: true
        default: false
        }
    }

    /// Worth finding out first whether any span needs it.
    package var isCostly: Bool { if case .hash = self { true } else { false } }

    func read(_ value: GroupValue, path: [String]) -> [GroupValue] {
        switch self {
        case .sum(let name): return StructuredValue(value)?.sum(name).map { [.double($0)] } ?? []
        default: break
        }
        let found =
            path.isEmpty && !isOfElements
            ? unwrapped(value)
            : StructuredValue(value)?.values(at: path[...]) ?? (path.isEmpty ? [value] : [])
        let meaningful = found.filter(\.isMeaningful)
        return switch self {
        case .joined(let separator): joined(meaningful, separator)
        case .last: meaningful.last.map { [$0] } ?? []
        default: meaningful.compactMap(readOne)
        }
    }

    private var isOfElements: Bool {
        switch self {
        case .joined, .last: true
        default: false
        }
    }

    private func readOne(_ value: GroupValue) -> GroupValue? {
        let text = value.asText?.textValue
        switch self {
        case .plain, .joined, .last, .sum, .whole: return value
        case .words(let words): return text.flatMap { words[$0.lowercased()] }.map { .text($0) }
        case .parts(let parts):
            return text.flatMap { text in parts.first { text.contains($0.part) }?.word }
                .map { .text($0) }
        case .tokens:
            guard let number = value.asNumber?.number, number >= 0, number < 0x1p40 else {
                return nil
            }
            return value.asNumber
        case .scaled(let factor): return value.asNumber?.number.map { .double($0 * factor) }
        case .provider: return text.map { .text(Provider.normalized($0)) }
        case .providerUnlessFramework:
            return text.flatMap { Provider.frameworks.contains($0.lowercased()) ? nil : $0 }
                .map { .text(Provider.normalized($0)) }
        case .providerOfHost: return text.flatMap(Provider.ofHost).map { .text($0) }
        case .finishReason: return text.map { .text(FinishReason.normalized($0)) }
        case .locale: return text.map { .text($0.replacing("_", with: "-")) }
        case .without(let prefixes):
            guard let text, let prefix = prefixes.first(where: { text.hasPrefix($0) }) else {
                return nil
            }
            return text.count == prefix.count ? nil : .text(String(text.dropFirst(prefix.count)))
        case .errorClass: return text.flatMap(ErrorClass.of).map { .text($0) }
        case .httpError:
            guard let code = value.asNumber?.number, (400..<600).contains(code) else { return nil }
            return .text(String(Int(code)))
        case .hash: return text.map { .text(TextDigest.of($0)) }
        case .present: return .boolean(true)
        }
    }

    private func joined(_ values: [GroupValue], _ separator: String) -> [GroupValue] {
        let texts = values.compactMap { $0.asText?.textValue }
        return texts.isEmpty ? [] : [.text(texts.joined(separator: separator))]
    }

    /// A text that is itself a JSON string, as MLflow sends them, or a JSON list of finish reasons.
    private func unwrapped(_ value: GroupValue) -> [GroupValue] {
        guard case .text(let text) = value else { return [value] }
        if text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\"") {
            return [StructuredValue.unwrapped(text)]
        }
        if case .finishReason = self, text.utf8.first == UInt8(ascii: "[") {
            return StructuredValue(value)?.values(at: ["*"]) ?? [value]
        }
        return [value]
    }
}
