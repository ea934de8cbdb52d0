/// Parses the subset of RE2's syntax that docs/API.md lists. What RE2 has not (back references,
/// look-around) is refused by name, since it cannot run in linear time.
struct RegexParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private var depth = 0

    private struct Flags {
        var ignoresCase = false
        var dotMatchesNewline = false
        var isMultiline = false
    }

    /// Groups nest so deep at most; RE2's own limit is 1,000.
    static let depthMax = 200
    /// `{n,m}` counts so far at most, as in RE2.
    static let repeatMax = 1000

    private init(_ text: String) { scalars = Array(text.unicodeScalars) }

    static func parse(_ text: String) throws(RegexError) -> RegexNode {
        var parser = RegexParser(text)
        let node = try parser.alternatives()
        if parser.position < parser.scalars.count { throw parser.error("unmatched )") }
        return node
    }

    private func error(_ message: String, at place: Int? = nil) -> RegexError {
        RegexError(message: message, position: place ?? position)
    }

    private var next: Unicode.Scalar? {
        position < scalars.count ? scalars[position] : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func take(text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars.count - position >= wanted.count,
            scalars[position..<position + wanted.count].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
    }

    // MARK: Structure

    private mutating func alternatives() throws(RegexError) -> RegexNode {
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(RegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if take(text: "\\Q") {
                while position < scalars.count, !take(text: "\\E") {
                    parts.append(literal(scalars[position]))
                    position += 1
                }
                continue
            }
            let start = position
            parts.append(try repeated(try atom(), from: start))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func repeated(
        _ node: RegexNode, from start: Int
    ) throws(RegexError) -> RegexNode {
        var node = node
        var count = 0
        while let (least, most) = try repetition() {
            // Lazy or not, the same texts match.
            _ = take("?")
            count += 1
            if count > 1 { throw error("a repetition of a repetition", at: start) }
            node = .repeated(node, least: least, most: most)
        }
        return node
    }

    private mutating func repetition() throws(RegexError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{") else { return nil }
        guard let least = number() else {
            position = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else {
            position = start
            return nil
        }
        if least > Self.repeatMax || most ?? 0 > Self.repeatMax || most ?? least < least {
            throw error("a repetition counts from 0 to \(Self.repeatMax)", at: start)
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 48), Self.repeatMax + 1)
            position += 1
        }
        return value
    }

    private mutating func atom() throws(RegexError) -> RegexNode {
        let start = position
        guard let scalar = next else { throw error("something to match") }
        position += 1
        switch scalar {
        case "(": return try group(from: start)
        case "[": return .set(folded(try bracket(from: start)))
        case ".": return .set(flags.dotMatchesNewline ? .any : ScalarSet("\n").inverted)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape(from: start)
        case "*", "+", "?": throw error("nothing to repeat", at: start)
        case "{":
            position = start
            if try repetition() != nil { throw error("nothing to repeat", at: start) }
            position = start + 1
            return literal(scalar)
        default: return literal(scalar)
        }
    }

    private mutating func group(from start: Int) throws(RegexError) -> RegexNode {
        let outer = flags
        if take(text: "?") {
            if take(text: "P<") || (take("<") && next != "=" && next != "!") {
                while let scalar = next, scalar != ">" {
                    guard ScalarSet.word.contains(scalar.value) else {
                        throw error("a group's name has letters, digits and _")
                    }
                    position += 1
                }
                guard take(">") else { throw error("the > after a group's name") }
            } else if try !flagsOpenGroup(from: start) {
                return .empty
            }
        }
        depth += 1
        if depth > Self.depthMax { throw error("groups nest too deep", at: start) }
        let inner = try alternatives()
        guard take(")") else { throw error("unclosed (", at: start) }
        depth -= 1
        flags = outer
        return inner
    }

    /// Reads `i`, `s`, `m`, `U` with `-` before those to switch off. False if they hold from here on
    /// instead of opening a group.
    private mutating func flagsOpenGroup(from start: Int) throws(RegexError) -> Bool {
        var value = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "s": flags.dotMatchesNewline = value
            case "m": flags.isMultiline = value
            case "U": break
            case "-": value = false
            case ":": return true
            case ")": return false
            default: throw error("look-around and other extensions are not supported", at: start)
            }
        }
        throw error("unclosed (", at: start)
    }

    // MARK: Characters

    private func literal(_ scalar: Unicode.Scalar) -> RegexNode { .set(folded(ScalarSet(scalar))) }

    private func folded(_ set: ScalarSet) -> ScalarSet {
        flags.ignoresCase ? set.foldingCase : set
    }

    private mutating func escape(from start: Int) throws(RegexError) -> RegexNode {
        switch next {
        case "A":
            position += 1
            return .assertion(.textStart)
        case "z":
            position += 1
            return .assertion(.textEnd)
        case "b":
            position += 1
            return .assertion(.wordBoundary)
        case "B":
            position += 1
            return .assertion(.noWordBoundary)
        default: return .set(folded(try escapedSet(from: start)))
        }
    }

    /// What follows a backslash, in or out of brackets.
    private mutating func escapedSet(from start: Int) throws(RegexError) -> ScalarSet {
        guard let scalar = next else { throw error("a character after \\", at: start) }
        position += 1
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "n": return ScalarSet("\n")
        case "t": return ScalarSet("\t")
        case "r": return ScalarSet("\r")
        case "f": return ScalarSet("\u{c}")
        case "v": return ScalarSet("\u{b}")
        case "a": return ScalarSet("\u{7}")
        case "x": return ScalarSet(try hexadecimal(from: start))
        case "1"..."9": throw error("back references are not supported", at: start)
        default:
            if scalar.isASCII, ScalarSet.word.contains(scalar.value) {
                throw error("unknown escape \\\(scalar)", at: start)
            }
            return ScalarSet(scalar)
        }
    }

    /// `\x7F` or `\x{10FFFF}`.
    private mutating func hexadecimal(from start: Int) throws(RegexError) -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while let scalar = next, scalar != "}" {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            if !take("}") { throw error("unclosed \\x{", at: start) }
        } else {
            while digits.unicodeScalars.count < 2, let scalar = next {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
        }
        guard digits.utf8.count <= 6, let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw error("\\x needs hexadecimal digits", at: start) }
        return scalar
    }

    private mutating func bracket(from start: Int) throws(RegexError) -> ScalarSet {
        let isNegated = take("^")
        var set = ScalarSet()
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            if next == nil { throw error("unclosed [", at: start) }
            set = set.union(try bracketItem(from: start))
        }
        position += 1
        // The case must be folded before the set is inverted.
        return isNegated ? folded(set).inverted : set
    }

    private mutating func bracketItem(from start: Int) throws(RegexError) -> ScalarSet {
        if take(text: "[:") { return try posixClass(from: start) }
        let low = try bracketEnd(from: start)
        guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
            return low
        }
        let dash = position
        position += 1
        let high = try bracketEnd(from: start)
        guard let from = low.single, let to = high.single, from <= to else {
            throw error("a range from a lower to a higher character", at: dash)
        }
        return ScalarSet([from...to])
    }

    private mutating func bracketEnd(from start: Int) throws(RegexError) -> ScalarSet {
        guard let scalar = next else { throw error("unclosed [", at: start) }
        position += 1
        return scalar == "\\" ? try escapedSet(from: position - 1) : ScalarSet(scalar)
    }

    private mutating func posixClass(from start: Int) throws(RegexError) -> ScalarSet {
        let isNegated = take("^")
        var name = ""
        while let scalar = next, scalar != ":" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take(text: ":]"), let set = ScalarSet.posix[name] else {
            throw error("a class such as [:alpha:]", at: start)
        }
        return isNegated ? set.inverted : set
    }
}

extension ScalarSet {
    /// The only member.
    fileprivate var single: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}
