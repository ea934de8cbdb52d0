/// Where frameworks let applications put whatever they like: the usual home of tenants and locales. All
/// of them are looked into last.
enum MetadataBags {
    /// Flattened: the key follows the prefix.
    private static let prefixes = [
        "ai.telemetry.metadata.", "ai.settings.context.", "traceloop.association.properties.",
        "langfuse.trace.metadata.", "langfuse.observation.metadata.", "langsmith.metadata.",
        "metadata.", "mlflow.traceTag.",
    ]

    /// One JSON object with all of it.
    private static let objects = [
        "metadata", "langfuse.trace.metadata", "langfuse.observation.metadata",
        "langfuse.metadata",
    ]

    /// These keys in any bag; the first key that any bag has wins.
    static func sources(_ keys: String...) -> [DimensionSource] {
        keys.flatMap { key in
            prefixes.map { .attribute($0 + key) } + objects.map { .attribute($0).at(key) }
        }
    }
}
