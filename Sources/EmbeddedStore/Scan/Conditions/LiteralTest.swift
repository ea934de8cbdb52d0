internal import Foundation
internal import Spans
internal import Store

/// Tests values against the literals of one comparison.
struct LiteralTest: Sendable {
    private let comparator: Comparison.Operator
    private let literals: [Literal]
    private let foldsCase: Bool
    /// The field's own unit is nanoseconds, so durations compare as they are.
    private let isDuration: Bool
    private let isTime: Bool
    private let pattern: LinearRegex?
    /// What `p95` and the like stand for, in nanoseconds.
    private let percentiles: [Double: Double]

    init(_ comparison: Comparison, percentiles: [Double: Double]) throws {
        comparator = comparison.comparator
        literals = comparison.literals
        let field = comparison.field
        foldsCase = field.isIntrinsic("kind") || field.isIntrinsic("status")
        isDuration = field.isIntrinsic("duration")
        isTime = field.isIntrinsic("start_time")
        self.percentiles = percentiles
        if comparator == .matches, let literal = literals.first {
            pattern = try LinearRegex(literal.textToMatch)
        } else {
            pattern = nil
        }
    }

    func matches(_ value: GroupValue) -> Bool {
        switch comparator {
        case .equal, .isIn: literals.contains { isEqual(value, $0) }
        case .less: compare(value, literals[0]).map { $0 < 0 } ?? false
        case .lessOrEqual: compare(value, literals[0]).map { $0 <= 0 } ?? false
        case .greater: compare(value, literals[0]).map { $0 > 0 } ?? false
        case .greaterOrEqual: compare(value, literals[0]).map { $0 >= 0 } ?? false
        case .contains: text(value).map { contains($0, literals[0].textToMatch) } ?? false
        case .startsWith:
            text(value).map { $0.utf8.starts(with: literals[0].textToMatch.utf8) } ?? false
        case .matches: text(value).map { pattern?.matches($0) ?? false } ?? false
        }
    }

    /// The only values that match; nil if there may be others.
    var onlyMatches: [GroupValue]? {
        guard comparator == .equal || comparator == .isIn, !foldsCase, !isTime, !isDuration else {
            return nil
        }
        var all: [GroupValue] = []
        for literal in literals {
            guard let equal = Self.equals(of: literal) else { return nil }
            all += equal
        }
        return all
    }

    /// What is equal to a literal, as `isEqual` has it.
    private static func equals(of literal: Literal) -> [GroupValue]? {
        let text: String
        switch literal {
        case .text(let wanted): text = wanted
        case .bare(let wanted): text = wanted
        case .duration, .percentile: return nil
        }
        // There are many that are not a number.
        if ["nan", "infinity", "-infinity", "inf"].contains(text.lowercased()) { return nil }
        var equal: [GroupValue] = [.text(text), .json(text)]
        if let bytes = Data(base64Encoded: text) { equal.append(.bytes([UInt8](bytes))) }
        guard case .bare = literal else { return equal }
        if let truth = Bool(text.lowercased()) { equal.append(.boolean(truth)) }
        switch Number(text) {
        case .integer(let number)?:
            equal += [.integer(number)]
            if number.magnitude >= 1 << 53 { return nil }
        case .double(let number)?:
            // Beyond this several whole numbers are one double.
            if number.magnitude >= 0x1p53 { return nil }
            equal.append(.double(number))
        case nil: break
        }
        return equal
    }

    private func isEqual(_ value: GroupValue, _ literal: Literal) -> Bool {
        switch (literal, value) {
        case (.text(let wanted), .text(let text)), (.text(let wanted), .json(let text)):
            return isSameText(text, wanted)
        case (.text(let wanted), .bytes(let bytes)), (.bare(let wanted), .bytes(let bytes)):
            return AttributeValue.base64(bytes) == wanted
        case (.text(let wanted), .double(let number)) where !number.isFinite,
            (.bare(let wanted), .double(let number)) where !number.isFinite:
            return AttributeValue.json(number) == "\"\(wanted)\""
        case (.text, .integer) where isTime: return compare(value, literal) == 0
        case (.text, _): return false
        case (.bare(let wanted), .text(let text)), (.bare(let wanted), .json(let text)),
            (.duration(_, let wanted), .text(let text)),
            (.percentile(_, let wanted), .text(let text)):
            return isSameText(text, wanted)
        case (.bare(let wanted), .boolean(let value)):
            return wanted.lowercased() == (value ? "true" : "false")
        default: return compare(value, literal) == 0
        }
    }

    /// Byte by byte: `==` would take é and e with an accent behind it for one value, which they are not.
    private func isSameText(_ text: String, _ wanted: String) -> Bool {
        foldsCase
            ? text.lowercased() == wanted.lowercased() : text.utf8.elementsEqual(wanted.utf8)
    }

    /// Negative, zero or positive; nil where the two cannot be compared.
    private func compare(_ value: GroupValue, _ literal: Literal) -> Int? {
        switch (value, literal) {
        case (.integer(let a), .bare(let text)):
            if isTime { return Timestamp.nanoseconds(text).map { order(a, $0) } }
            switch Number(text) {
            case .integer(let b)?: return order(a, b)
            case .double(let b)?: return order(Double(a), b)
            case nil: return nil
            }
        case (.integer(let a), .text(let text)) where isTime:
            return Timestamp.nanoseconds(text).map { order(a, $0) }
        case (.double(let a), .bare(let text)): return Number(text).map { order(a, $0.double) }
        case (.integer, .duration(let nanoseconds, _)), (.double, .duration(let nanoseconds, _)):
            // Attributes that hold times hold milliseconds; the field itself holds nanoseconds.
            return value.number.map { order($0, isDuration ? nanoseconds : nanoseconds / 1e6) }
        case (.integer(let a), .percentile(let rank, _)):
            return percentiles[rank].map { order(Double(a), $0) }
        // A number orders numbers only: text such as "x" is neither above 1 nor below.
        case (.text, .bare(let b)) where Number(b) != nil: return nil
        case (.text(let a), .text(let b)), (.text(let a), .bare(let b)):
            if a.utf8.elementsEqual(b.utf8) { return 0 }
            return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        default: return nil
        }
    }

    private func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }

    private func text(_ value: GroupValue) -> String? {
        switch value {
        case .text(let text), .json(let text): text
        case .integer(let value): String(value)
        case .double(let value): "\(value)"
        case .boolean(let value): value ? "true" : "false"
        case .bytes, .null: nil
        }
    }

    private func contains(_ text: String, _ part: String) -> Bool {
        var text = text
        var part = part
        return text.withUTF8 { text in
            part.withUTF8 { ByteSearch.contains(UnsafeRawBufferPointer(text), .init($0)) }
        }
    }
}
