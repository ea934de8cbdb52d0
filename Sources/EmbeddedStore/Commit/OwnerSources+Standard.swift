internal import Dimensions
package import Spans
internal import Store

extension OwnerSources {
    /// What the dimensions `tenant` and `service` read of a span itself.
    package static let standard = OwnerSources(
        tenant: sources(of: "tenant"), service: sources(of: "service"))

    /// What a span says itself, then its scope, then its resource: `SourcePlace` has the same order.
    private static func sources(of name: String) -> [Source] {
        guard let dimension = DimensionTable.standard[name] else { return [] }
        let all: [Table] = [.span, .scope, .resource]
        return all.flatMap { table in
            dimension.sources.compactMap { source in
                origin(source.origin, table).map { origin in
                    Source(origin) { value in
                        let found = dimension.read(GroupValue(value), of: source).first
                        if case .text(let text)? = found { return text }
                        return nil
                    }
                }
            }
        }
    }

    /// - Parameter table: which turn it is.
    /// - Returns: nil if the source has its turn with another table.
    private static func origin(_ origin: DimensionSource.Origin, _ table: Table) -> Origin? {
        switch origin {
        case .attribute(let key): .attribute(table, key)
        case .resource(let key) where table == .span: .attribute(.resource, key)
        case .keyTenant where table == .span: .keyTenant
        default: nil
        }
    }
}
