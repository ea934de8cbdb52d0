/// All canonical dimensions, by name.
package struct DimensionTable: Sendable {
    /// Grows whenever the table changes what a span's dimensions read, or what is stored of them gets another form, so that
    /// what an older version stored is told apart.
    package static let version = 4

    /// The table for the dialects that are known.
    package static let standard = DimensionTable(
        identity + operations + models + usage + content + experiments + errors)

    package let dimensions: [Dimension]
    private let byName: [String: Dimension]

    init(_ dimensions: [Dimension]) {
        self.dimensions = dimensions
        byName = Dictionary(uniqueKeysWithValues: dimensions.map { ($0.name, $0) })
    }

    package subscript(name: String) -> Dimension? {
        byName[name] ?? Self.synonyms[name].flatMap { byName[$0] }
    }

    /// Other names of canonical dimensions.
    package static let synonyms = ["session": "conversation"]

    /// Dimensions that follow from all spans of a trace.
    package static let ofTraces: Set<String> = [
        "tool.sequence", "tool.pair", "tool.count", "trace.spans", "trace.depth", "llm.calls",
    ]

    /// Every name that is canonical.
    package var names: [String] {
        dimensions.map(\.name) + Self.synonyms.keys
            + Self.ofTraces.filter { byName[$0] == nil }.sorted()
    }
}
