package import Store

/// A canonical dimension: one name for what the dialects spell in many ways.
///
/// Nothing is mapped when spans come in. A dimension says where to look; the first source that has a
/// meaningful value on a span wins (docs/API.md, "Dimensions").
package struct Dimension: Sendable {
    package enum Kind: Sendable {
        /// Numbers print as text: a version may be sent as 3 or as "3".
        case text
        /// Numeric text reads as a number.
        case number
        case boolean
    }

    /// What is done with the values that the sources gave.
    package enum Completion: Sendable {
        /// A version that stands alone gets the prompt's name before it, so that every prompt's "3"
        /// stays apart.
        case prefixed(by: String)
        /// Some senders leave cached tokens out of the input count. Where more were read from and written to
        /// a cache than sent, they are added.
        case includingCached
        /// A prompt begins with its system instructions, where these are sent apart.
        case afterInstructions
        /// No more than the span's own duration.
        case withinDuration
        /// What spans read that say nothing of it.
        case otherwise(String)
    }

    package let name: String
    package let kind: Kind
    /// Absent on a span, it comes from the nearest ancestor that has it, else from the trace's only
    /// value.
    package private(set) var isInherited: Bool
    package let sources: [DimensionSource]
    package let completion: Completion?

    init(
        _ name: String, as kind: Kind = .text, inherited: Bool = false,
        completion: Completion? = nil, reading: Reading = .plain,
        from sources: [DimensionSource]...
    ) {
        self.name = name
        self.kind = kind
        self.isInherited = inherited
        self.completion = completion
        // The canonical name as an attribute is the first alias of all.
        self.sources = [.attribute(name).read(reading)] + sources.flatMap { $0 }
    }

    /// Whether spans read something even where no source says anything.
    package var isNeverNull: Bool { if case .otherwise? = completion { true } else { false } }

    /// The same, read from each span alone.
    package var withoutInheritance: Dimension {
        var dimension = self
        dimension.isInherited = false
        return dimension
    }

    /// Whether texts of a source that say something (`Meaning.isPlain`) count just as they are.
    package func takesTextsAsTheyAre(of source: DimensionSource) -> Bool {
        guard case .text = kind, case .plain = source.reading else { return false }
        return source.path.isEmpty
    }

    /// What a value of one of its sources counts as: nothing, one value, or several.
    package func read(_ value: GroupValue, of source: DimensionSource) -> [GroupValue] {
        var values = source.reading.read(value, path: source.path)
        switch kind {
        case .text: values = values.compactMap { $0.asText }
        case .number: values = values.compactMap { $0.asNumber }
        case .boolean: values = values.compactMap { $0.asBoolean }
        }
        return values
    }
}
