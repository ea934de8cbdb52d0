internal import Spans
internal import Synchronization

/// The columns that a segment has, and the names that queries know them by: one object for all segments that have the same,
/// since of the hundreds of small ones that wait to be merged most do.
final class KeySet: Sendable {
    let keys: Set<ColumnKey>
    /// Of attributes of spans, resources and scopes.
    let rawNames: Set<String>
    /// Of attributes of events.
    let eventNames: Set<String>

    private let attributes: [Place: [ColumnKey]]
    private let present = Mutex<PresentSources?>(nil)

    private struct Place: Hashable {
        let table: Table
        let name: String
    }

    static let empty = KeySet([])

    init(_ keys: Set<ColumnKey>) {
        self.keys = keys
        attributes = Dictionary(grouping: keys.filter { $0.origin == .attribute }) {
            Place(table: $0.table, name: $0.name)
        }.mapValues { $0.sorted { $0.type.rawValue < $1.type.rawValue } }
        var raw: Set<String> = []
        var event: Set<String> = []
        for key in keys where key.origin == .attribute {
            switch key.table {
            case .span, .resource, .scope: raw.insert(key.name)
            case .event: event.insert(key.name)
            case .link: break
            }
        }
        rawNames = raw
        eventNames = event
    }
}

extension KeySet {
    /// Where dimensions can have values from.
    var sources: PresentSources {
        present.withLock { known in
            let sources = known ?? PresentSources(keys)
            known = sources
            return sources
        }
    }

    /// The columns of several segments together.
    static func union(_ sets: [KeySet]) -> KeySet {
        guard let first = sets.first else { return .empty }
        if sets.allSatisfy({ $0 === first }) { return first }
        return KeySet(sets.reduce(into: []) { $0.formUnion($1.keys) })
    }

    /// The columns of one attribute: one for each type that it came with, in the order of `ValueType`.
    func attributes(_ name: String, in table: Table) -> [ColumnKey] {
        attributes[Place(table: table, name: name)] ?? []
    }
}

/// Finds the object of a set of keys.
final class KeySets: Sendable {
    private struct Known {
        weak var set: KeySet?
    }

    private let known = Mutex<[Set<ColumnKey>: Known]>([:])
    /// Sets that no segment has any more are forgotten once there are so many.
    private static let countMax = 1024

    func set(of keys: Set<ColumnKey>) -> KeySet {
        known.withLock { known in
            if let set = known[keys]?.set { return set }
            if known.count >= Self.countMax { known = known.filter { $0.value.set != nil } }
            let set = KeySet(keys)
            known[keys] = Known(set: set)
            return set
        }
    }
}
