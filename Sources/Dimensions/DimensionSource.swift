package import Spans

/// One place where a dialect puts the value of a dimension.
package struct DimensionSource: Sendable {
    package enum Origin: Sendable, Equatable {
        /// An attribute of the span. Where no source has a value on the span, attributes of its scope are looked
        /// at, then those of its resource: what a span says itself is nearer.
        case attribute(String)
        /// An attribute of the resource, in this place of the order.
        case resource(String)
        /// Flattened lists: keys that one of these patterns fits, where `*` stands for a number, in the
        /// order of the numbers.
        case indexed([IndexedKey], joined: Bool)
        /// An attribute of the span's events; of events of these names, if there are any.
        case event(key: String, names: Set<String>)
        /// Milliseconds from the span's start to its first event of this name.
        case eventTime(name: String)
        /// Milliseconds from the span's start to a time that is sent as RFC 3339 text.
        case time(key: String)
        /// An attribute of one of the span's children.
        case child(String)
        case spanName
        case status
        case statusMessage
        /// The tenant of the key that sent the span.
        case keyTenant
    }

    package let origin: Origin
    /// Where the value lies within JSON, keys from outside in; `*` stands for each element.
    package private(set) var path: [String] = []
    package private(set) var reading = Reading.plain
    /// The kinds of operation for which this source counts; empty for all.
    package private(set) var operationKinds: Set<String> = []
    package private(set) var condition: Condition?

    /// Where a source counts, if not on every span.
    package enum Condition: Sendable {
        /// Where the span has this attribute too, as a text that begins so.
        case beside(String, beginning: String)
        /// Where this dimension has a value on the span, and another one than the source.
        case unlike(String)
        /// Where the span failed.
        case failed
    }

    init(_ origin: Origin) { self.origin = origin }

    static func attribute(_ key: String) -> DimensionSource { DimensionSource(.attribute(key)) }
    static func resource(_ key: String) -> DimensionSource { DimensionSource(.resource(key)) }

    static func indexed(_ patterns: String..., joined: Bool = false) -> DimensionSource {
        DimensionSource(.indexed(patterns.map(IndexedKey.init), joined: joined))
    }

    static func event(_ key: String, of names: Set<String> = []) -> DimensionSource {
        DimensionSource(.event(key: key, names: names))
    }

    func at(_ path: String...) -> DimensionSource { at(path) }

    func at(_ path: [String]) -> DimensionSource {
        var source = self
        source.path = path
        return source
    }

    package var isAttribute: Bool { if case .attribute = origin { true } else { false } }

    /// The key that it reads, if it reads one in one spelling.
    package var key: String? {
        switch origin {
        case .attribute(let key), .resource(let key), .time(let key): key
        default: nil
        }
    }

    /// Whether it reads an attribute of that key on a span, its resource, its scope or its events.
    package func reads(_ key: String, of table: Table) -> Bool {
        switch origin {
        case .attribute(let own): key == own && table != .event
        case .resource(let own): key == own && table == .resource
        case .time(let own): key == own && table == .span
        case .indexed(let patterns, _):
            table == .span && patterns.contains { $0.indices(of: key) != nil }
        case .event(let own, _): key == own && table == .event
        case .child, .eventTime, .spanName, .status, .statusMessage, .keyTenant: false
        }
    }

    func read(_ reading: Reading) -> DimensionSource {
        var source = self
        source.reading = reading
        return source
    }

    func on(_ kinds: String...) -> DimensionSource {
        var source = self
        source.operationKinds = Set(kinds)
        return source
    }

    /// - Parameter beginning: what the other attribute's text begins with; nothing for any value.
    func beside(_ key: String, beginning: String = "") -> DimensionSource {
        only(.beside(key, beginning: beginning))
    }

    func unlike(_ dimension: String) -> DimensionSource { only(.unlike(dimension)) }
    var onFailure: DimensionSource { only(.failed) }

    /// The same on every span.
    package var unconditional: DimensionSource {
        var source = self
        source.condition = nil
        return source
    }

    private func only(_ condition: Condition) -> DimensionSource {
        var source = self
        source.condition = condition
        return source
    }
}

extension [DimensionSource] {
    /// An attribute of the span or of its resource, before the sources that follow look at either.
    static func nearest(_ key: String) -> [DimensionSource] { [.attribute(key), .resource(key)] }

    /// Attributes in order of precedence.
    static func attributes(_ keys: String...) -> [DimensionSource] {
        keys.map(DimensionSource.attribute)
    }

    func read(_ reading: Reading) -> [DimensionSource] { map { $0.read(reading) } }
    func on(_ kinds: String...) -> [DimensionSource] {
        map { source in kinds.count == 1 ? source.on(kinds[0]) : source }
    }
}
