package import Spans

/// How one span would be read: which of its keys feeds which dimension.
package struct SpanExplanation: Sendable {
    /// An attribute, as it was sent.
    package struct Key: Sendable {
        package var table: Table
        package var name: String
        /// The dimensions that have their value from it.
        package var feeds: [String] = []
        /// Dimensions that it may feed, but another key goes before it, or its value says nothing.
        package var passedOver: [String] = []
        /// Of a key that feeds none: what it may have been meant to be.
        package var closest: String?

        package init(table: Table, name: String) {
            self.table = table
            self.name = name
        }
    }

    /// Where a dimension's value is from.
    package enum Origin: Sendable, Equatable {
        case key(Table, String)
        /// A part of the span that is no attribute: `name`, `status`, …
        case part(String)
        /// Another span of the trace.
        case inherited
        /// All spans of the trace together.
        case derived
    }

    package struct Value: Sendable {
        package var name: String
        package var values: [GroupValue]
        package var origin: Origin

        package init(name: String, values: [GroupValue], origin: Origin) {
            self.name = name
            self.values = values
            self.origin = origin
        }
    }

    package var keys: [Key] = []
    package var dimensions: [Value] = []

    package init() {}
}
