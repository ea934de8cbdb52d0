internal import Spans
internal import Store

/// What a comparison asks of texts, if it can be found in a pool without writing the texts out.
enum TextProbe {
    case contains([UInt8])
    case startsWith([UInt8])
    case equal([UInt8])
    /// A regular expression, and what each text that matches it contains.
    case pattern(containing: [UInt8])

    init?(_ comparison: Comparison) throws {
        guard comparison.literals.count == 1 else { return nil }
        let text = comparison.literals[0].textToMatch
        let bytes = Array(text.utf8)
        switch comparison.comparator {
        case .contains: self = .contains(bytes)
        case .startsWith: self = .startsWith(bytes)
        case .equal:
            switch comparison.literals[0] {
            case .text, .bare: self = .equal(bytes)
            case .duration, .percentile: return nil
            }
        case .matches:
            let required = Array(try LinearRegex.requiredText(of: text).utf8)
            if required.isEmpty { return nil }
            self = .pattern(containing: required)
        case .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn: return nil
        }
    }

    /// Whether joining texts by line feeds can bring a match that none of them is.
    var seesJoints: Bool {
        switch self {
        case .contains(let bytes), .startsWith(let bytes), .equal(let bytes):
            bytes.contains(UInt8(ascii: "\n"))
        case .pattern: true
        }
    }

    /// For each text whether the comparison holds.
    func results(in texts: PooledTexts, _ test: LiteralTest) -> [Bool] {
        let search = TextSearch(texts)
        switch self {
        case .contains(let bytes): return search.containing(bytes)
        case .startsWith(let bytes): return search.starting(with: bytes)
        case .equal(let bytes): return search.equal(to: bytes)
        case .pattern(let bytes):
            var results = search.containing(bytes)
            let candidates = results
            texts.forEach(candidates) { text, bytes in
                results[text] = test.matches(.text(String(decoding: bytes, as: UTF8.self)))
            }
            return results
        }
    }
}
