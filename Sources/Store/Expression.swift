/// A condition on spans or traces, as `where` and `failure` give it (docs/API.md, "Expressions").
///
/// In `unit=trace` each comparison is tested on the set of values that the trace's spans have, and
/// `and`, `or`, `not` combine the results; in `unit=span` all of it is tested on one span.
package indirect enum Expression: Hashable, Sendable {
    case comparison(Comparison)
    /// The unit has a meaningful value.
    case has(Field)
    /// The result of the query's failure expression.
    case failed
    case and([Expression])
    case or([Expression])
    case not(Expression)
    /// One span satisfies all of it.
    case span(Expression)
}

/// A name in an expression or in `by`.
package struct Field: Hashable, Sendable {
    package enum Scope: String, Hashable, Sendable {
        /// An intrinsic, a canonical dimension, or a raw key: the first that has this name.
        case any
        /// The same, read from the trace's root span.
        case root
        /// A raw key of one place: `span.K`, `resource.K`, `scope.K`, `event.K`.
        case span, resource, scope, event
        /// A raw key in any spelling, `attr("my key")`: the span's, else the resource's, else the
        /// scope's.
        case attribute
    }

    package var scope: Scope
    package var name: String

    package init(_ name: String, scope: Scope = .any) {
        self.name = name
        self.scope = scope
    }

    /// Whether it is what every span has under this name, or the root has, and no raw key.
    package func isIntrinsic(_ name: String) -> Bool {
        (scope == .any || scope == .root) && self.name == name
    }
}

/// A field compared with one or several literals.
package struct Comparison: Hashable, Sendable {
    /// `!=`, `!~` and `not in` are a `not` around these.
    package enum Operator: String, Hashable, Sendable {
        case equal = "="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case matches = "~"
        case contains = "contains"
        case startsWith = "starts-with"
        case isIn = "in"
    }

    package var field: Field
    package var comparator: Operator
    /// One, but for `isIn`, which has at least one.
    package var literals: [Literal]

    package init(_ field: Field, _ comparator: Operator, _ literals: [Literal]) {
        self.field = field
        self.comparator = comparator
        self.literals = literals
    }
}

/// A value as it was written.
package enum Literal: Hashable, Sendable {
    /// In quotes: matches text only.
    case text(String)
    /// Without quotes: matches text, and the number or truth value that it spells.
    case bare(String)
    /// With a unit, in nanoseconds; and how it was written.
    case duration(nanoseconds: Double, text: String)
    /// `p95`: the percentile of the compared field over the range.
    case percentile(Double, text: String)
}

/// A number as text spells it: an integer with all its digits, or a double.
package enum Number: Hashable, Sendable {
    case integer(Int64)
    case double(Double)

    /// nil if the text is not a decimal number. `nan`, `inf` and hexadecimal are not.
    package init?(_ text: some StringProtocol) {
        if let integer = Int64(text), text.utf8.first != UInt8(ascii: "+") {
            self = .integer(integer)
            return
        }
        let isDecimal = text.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || $0 == 43 || $0 == 45 || $0 == 46 || $0 == 69 || $0 == 101
        }
        guard isDecimal, let value = Double(text), value.isFinite else { return nil }
        self = .double(value)
    }

    package var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        }
    }
}
