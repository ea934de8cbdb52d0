extension Expression: CustomStringConvertible {
    /// The expression as text that parses back to an equal one.
    package var description: String { text(binding: 0) }

    /// - Parameter binding: how tightly what stands around binds: 0 nothing, 1 or, 2 and, 3 not.
    private func text(binding: Int) -> String {
        switch self {
        case .comparison(let comparison): comparison.text(negated: false)
        case .has(let field): "has(\(field))"
        case .failed: "failed"
        case .and(let parts):
            grouped(parts.map { $0.text(binding: 3) }.joined(separator: " and "), 2, binding)
        case .or(let parts):
            grouped(parts.map { $0.text(binding: 2) }.joined(separator: " or "), 1, binding)
        case .not(.comparison(let comparison)) where comparison.hasNegatedForm:
            comparison.text(negated: true)
        case .not(.has(let field)): "\(field) is null"
        case .not(let inner): "not " + inner.text(binding: 3)
        case .span(let inner): "span(\(inner.text(binding: 0)))"
        }
    }

    private func grouped(_ text: String, _ own: Int, _ around: Int) -> String {
        own < around ? "(\(text))" : text
    }
}

extension Comparison {
    fileprivate var hasNegatedForm: Bool {
        switch comparator {
        case .equal, .matches, .isIn: true
        default: false
        }
    }

    fileprivate func text(negated: Bool) -> String {
        let values = literals.map(\.description).joined(separator: ", ")
        return switch (comparator, negated) {
        case (.isIn, false): "\(field) in (\(values))"
        case (.isIn, true): "\(field) not in (\(values))"
        case (.equal, true): "\(field) != \(values)"
        case (.matches, true): "\(field) !~ \(values)"
        default: "\(field) \(comparator.rawValue) \(values)"
        }
    }
}

extension Field: CustomStringConvertible {
    /// A name that no word can be, a place before it included, is written with `attr`.
    package var description: String {
        switch scope {
        case .any: Field.isPlain(name) ? name : "attr(\(Literal.quoted(name)))"
        case .root: "root.\(name)"
        case .span: "span.\(name)"
        case .resource: "resource.\(name)"
        case .scope: "scope.\(name)"
        case .event: "event.\(name)"
        case .attribute: "attr(\(Literal.quoted(name)))"
        }
    }
}

extension Literal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .bare(let text), .duration(_, let text), .percentile(_, let text): text
        }
    }

    /// In double quotes, with backslashes before quotes and backslashes.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}
