/// Names that a query may use.
package struct KnownNames: Sendable {
    package var canonical: [String]
    package var raw: Set<String>
    package var event: Set<String>

    package init(canonical: [String], raw: Set<String>, event: Set<String>) {
        self.canonical = canonical
        self.raw = raw
        self.event = event
    }

    /// Whether some span has what a field names, or it is canonical.
    package func contains(_ field: Field) -> Bool {
        switch field.scope {
        case .any, .root: canonical.contains(field.name) || raw.contains(field.name)
        case .event: event.contains(field.name)
        case .span, .resource, .scope, .attribute: raw.contains(field.name)
        }
    }

    /// What a mistyped name may have meant.
    package func nearest(_ field: Field) -> [String] {
        NearestName.of(field.name, among: Set(canonical).union(raw))
    }
}
