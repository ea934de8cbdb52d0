/// One place where a dialect puts the value of a dimension.
package struct DimensionSource: Sendable {
    package enum Origin: Sendable, Equatable {
        /// An attribute of the span, else of its resource, else of its scope.
        case attribute(String)
        /// An attribute of the resource.
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
        case spanName
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
    /// This source counts only where the span has this attribute too.
    package private(set) var companion: String?

    init(_ origin: Origin) { self.origin = origin }

    static func attribute(_ key: String) -> DimensionSource { DimensionSource(.attribute(key)) }
    static func resource(_ key: String) -> DimensionSource { DimensionSource(.resource(key)) }

    static func indexed(_ patterns: String..., joined: Bool = false) -> DimensionSource {
        DimensionSource(.indexed(patterns.map(IndexedKey.init), joined: joined))
    }

    static func event(_ key: String, of names: Set<String> = []) -> DimensionSource {
        DimensionSource(.event(key: key, names: names))
    }

    func at(_ path: String...) -> DimensionSource {
        var source = self
        source.path = path
        return source
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

    func beside(_ key: String) -> DimensionSource {
        var source = self
        source.companion = key
        return source
    }
}

extension [DimensionSource] {
    /// Attributes in order of precedence.
    static func attributes(_ keys: String...) -> [DimensionSource] {
        keys.map(DimensionSource.attribute)
    }

    func read(_ reading: Reading) -> [DimensionSource] { map { $0.read(reading) } }
    func on(_ kinds: String...) -> [DimensionSource] {
        map { source in kinds.count == 1 ? source.on(kinds[0]) : source }
    }
}
