/// The question behind `/v1/dimensions`: which dimensions there are, and how many values each has.
package struct DimensionsQuery: Sendable {
    package var condition: Expression?
    package var failure: Expression
    package var range: TimeRange
    /// Whether texts and ids are counted too, which have nearly as many values as there are spans.
    package var countsAll: Bool

    package init(
        condition: Expression? = nil, failure: Expression = SliceQuery.defaultFailure,
        range: TimeRange = TimeRange(from: nil, to: nil), countsAll: Bool = false
    ) {
        self.condition = condition
        self.failure = failure
        self.range = range
        self.countsAll = countsAll
    }
}

/// One dimension and what is held of it.
package struct DimensionSummary: Sendable, Equatable {
    /// What kinds of values it has.
    package enum Kind: String, Sendable {
        case text = "string"
        case number, boolean, bytes, json, mixed
        /// No value was looked at.
        case unknown
    }

    package var name: String
    package var kind: Kind
    /// Whether some span has several values.
    package var isList: Bool
    /// Spans that have a value, their own or an inherited one.
    package var count: Int
    /// nil where values were not counted.
    package var distinct: Int?
    package var isCanonical: Bool
    /// The raw keys that feed it and that some span has.
    package var sources: [String]

    package init(
        name: String, kind: Kind, isList: Bool, count: Int, distinct: Int?, isCanonical: Bool,
        sources: [String]
    ) {
        self.name = name
        self.kind = kind
        self.isList = isList
        self.count = count
        self.distinct = distinct
        self.isCanonical = isCanonical
        self.sources = sources
    }
}

/// The answer to a `DimensionsQuery`: canonical ones first, then raw keys, each by name.
package struct DimensionsAnswer: Sendable {
    package var dimensions: [DimensionSummary]
    package var coverage: Coverage

    package init(dimensions: [DimensionSummary], coverage: Coverage) {
        self.dimensions = dimensions
        self.coverage = coverage
    }
}
