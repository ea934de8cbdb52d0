/// What the grammar calls a word: a name, a keyword, a number, or a value without quotes. What reads
/// expressions and what prints them ask here, so that they cannot differ.
///
/// Text is taken apart by Unicode scalars. A `Character` may join a quote or a sign with a combining mark
/// that follows it, and would hide it.
package enum ExpressionWord {
    /// Whether a scalar may be part of a word.
    package static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\"", "'", "(", ")", ",", "=", "!", "<", ">", "~": false
        default: !scalar.properties.isWhitespace
        }
    }

    /// Whether all of a text is one word.
    package static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy(isPart)
    }

    /// Words that the grammar takes, in any case.
    package static let keywords: Set<String> = [
        "and", "or", "not", "in", "is", "null", "has", "contains", "starts-with", "failed", "span",
        "attr",
    ]

    package static func isKeyword(_ word: String) -> Bool { keywords.contains(word.lowercased()) }
}

extension Field {
    /// Places that a name may begin with.
    private static let prefixes: [(text: String, scope: Scope)] = [
        ("root.", .root), ("span.", .span), ("resource.", .resource), ("scope.", .scope),
        ("event.", .event),
    ]

    /// A name with the place that it may begin with.
    package init(word: String) {
        for (prefix, scope) in Self.prefixes
        where word.utf8.starts(with: prefix.utf8) && word.utf8.count > prefix.utf8.count {
            self.init(String(word.unicodeScalars.dropFirst(prefix.utf8.count)), scope: scope)
            return
        }
        // The word alone is the result of `failure`.
        self.init(word, scope: word.lowercased() == "failed" ? .attribute : .any)
    }

    /// Whether a name reads back as itself without quotes.
    package static func isPlain(_ name: String) -> Bool {
        ExpressionWord.isWord(name) && !ExpressionWord.isKeyword(name)
            && Field(word: name).scope == .any
    }
}

extension Literal {
    /// An unquoted word: a duration if it is a number with a unit, a percentile if it reads `p95`.
    package init(word: String) {
        if let nanoseconds = DurationText.nanoseconds(word) {
            self = .duration(nanoseconds: nanoseconds, text: word)
        } else if let rank = Self.percentile(word) {
            self = .percentile(rank, text: word)
        } else {
            self = .bare(word)
        }
    }

    private static func percentile(_ word: String) -> Double? {
        guard word.utf8.first == UInt8(ascii: "p"), let rank = Double(word.dropFirst()), rank > 0,
            rank <= 100,
            word.utf8.dropFirst().allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 })
        else { return nil }
        return rank
    }

    /// The literal that matches this text and no number or truth value: without quotes where it reads
    /// well so.
    package init(exactly text: String) {
        let isPlain =
            ExpressionWord.isWord(text) && text.utf8.allSatisfy(Self.isPlainPart)
            && Number(text) == nil && Literal(word: text) == .bare(text)
            && !["true", "false"].contains(text.lowercased()) && !ExpressionWord.isKeyword(text)
        self = isPlain ? .bare(text) : .text(text)
    }

    private static func isPlainPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "_.-/:@+#".utf8.contains(byte)
        }
    }

    /// The text that `~`, `contains` and `starts-with` take.
    package var textToMatch: String {
        if case .text(let text) = self { text } else { description }
    }
}

/// Durations as people write them: `250ms`, `2s`, `1.5h`.
package enum DurationText {
    private static let units: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
        ("d", 86_400e9), ("w", 604_800e9),
    ]

    package static func nanoseconds(_ text: some StringProtocol) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let number = text.dropLast(unit.count)
            guard let last = Array(number.utf8).last, last >= 48, last <= 57,
                number.utf8.allSatisfy({ ($0 >= 48 && $0 <= 57) || $0 == 46 }),
                let value = Double(String(number)), (value * factor).isFinite
            else { continue }
            return whole(value * factor)
        }
        return nil
    }

    /// `2999.998473ms` are whole nanoseconds, though the product of the two doubles just misses them.
    private static func whole(_ nanoseconds: Double) -> Double {
        let whole = nanoseconds.rounded()
        return abs(whole - nanoseconds) <= 4 * nanoseconds.ulp ? whole : nanoseconds
    }

    /// Milliseconds with their unit, in digits alone: exponents are not read.
    package static func text(milliseconds: Double) -> String {
        let nanoseconds = (milliseconds * 1e6).rounded()
        let text = "\(milliseconds)"
        return text.contains("e") && nanoseconds < 9e18
            ? "\(Int64(nanoseconds))ns" : text + "ms"
    }
}
