import Testing

@testable import Dimensions

@Suite struct `The table of dimensions` {
    /// A value with all that is in it, the same in each process: sets and dictionaries in order.
    private func text(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        if mirror.children.isEmpty { return "\(value)" }
        let parts = mirror.children.map { "\($0.label ?? "")=\(text($0.value))" }
        let isUnordered = mirror.displayStyle == .set || mirror.displayStyle == .dictionary
        return "(" + (isUnordered ? parts.sorted() : parts).joined(separator: ",") + ")"
    }

    /// Stored counts were made by a table of some version, and one that reads other values must not take them for its own.
    @Test func `has another version once it reads something else`() {
        let digest = TextDigest.of(text(DimensionTable.standard.dimensions))
        let known = [
            4: "sha256:f6d37c2cd43c63b7abfc227266fae01928e508876611b6476d59bda061a89910"
        ]
        #expect(
            known[DimensionTable.version] == digest,
            """
            The table is another than that of version \(DimensionTable.version). Raise DimensionTable.version, and put the \
            new digest here. (A changed reading of words or numbers does not show in the table: raise it then too.)
            """)
    }
}
