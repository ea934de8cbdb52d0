/// Whose a span is, by what it says itself, or else its scope or its resource. What it would inherit from its trace is not
/// looked at: a span may come before its root.
package struct SpanOwner: Hashable, Sendable {
    package var tenant: String?
    package var service: String?

    package init(tenant: String? = nil, service: String? = nil) {
        self.tenant = tenant
        self.service = service
    }
}

/// Where spans say whose they are: a store knows the dialects, readers only pass this on.
package struct OwnerSources: Sendable {
    package enum Origin: Hashable, Sendable {
        /// Of a span, scope or resource.
        case attribute(Table, String)
        /// The tenant of the key that sent the span.
        case keyTenant
    }

    package struct Source: Sendable {
        package let origin: Origin
        /// What a value says, or nil if it says nothing.
        let read: @Sendable (AttributeValue) -> String?

        package init(
            _ origin: Origin, read: @escaping @Sendable (AttributeValue) -> String?
        ) {
            self.origin = origin
            self.read = read
        }
    }

    /// In order of precedence; found by what they read, so that a request of one span need not look at a hundred.
    struct Ordered: Sendable {
        let all: [Source]
        let byOrigin: [Origin: [Int]]

        init(_ sources: [Source]) {
            all = sources
            byOrigin = Dictionary(grouping: sources.indices, by: { sources[$0].origin })
        }
    }

    let tenant: Ordered
    let service: Ordered

    package init(tenant: [Source], service: [Source]) {
        self.tenant = Ordered(tenant)
        self.service = Ordered(service)
    }

    /// Nobody is known.
    package static let none = OwnerSources(tenant: [], service: [])
}
