internal import Dimensions
internal import Spans

/// Where dimensions can have values from, given the columns that there are: of several hundred sources most read keys that
/// nobody has sent.
struct PresentSources: Sendable {
    /// By dimension, in order of precedence; one that cannot have a value is left out.
    private let byName: [String: [SourcePlace]]

    init(_ keys: Set<ColumnKey>) {
        let index = SourceIndex.standard
        var positions = [[Int]](repeating: [], count: index.dimensions.count)
        func add(_ entry: SourceIndex.Entry, _ table: Table? = nil) {
            let count = index.dimensions[entry.dimension].sources.count
            let turn = SourcePlace.tables.firstIndex(of: table) ?? 0
            positions[entry.dimension].append(turn * count + entry.source)
        }
        for key in keys {
            switch key.origin {
            case .attribute:
                for entry in index.byKey[key.name] ?? [] where entry.tables.contains(key.table) {
                    add(entry, entry.isSpansOwn || key.table == .span ? nil : key.table)
                }
                if key.table == .span, key.name.utf8.contains(where: { (48...57).contains($0) }) {
                    for (entry, patterns) in index.indexed
                    where patterns.contains(where: { $0.indices(of: key.name) != nil }) {
                        add(entry)
                    }
                }
            case .field:
                for entry in index.byField[key.table] ?? [] { add(entry) }
            case .derived: break
            }
        }
        for entry in index.always { add(entry) }
        var byName: [String: [SourcePlace]] = [:]
        for (number, positions) in positions.enumerated() where !positions.isEmpty {
            let dimension = index.dimensions[number]
            let count = dimension.sources.count
            byName[dimension.name] = Set(positions).sorted().map { position in
                SourcePlace(
                    source: dimension.sources[position % count],
                    table: SourcePlace.tables[position / count])
            }
        }
        self.byName = byName
    }

    /// All places of a dimension that are worth looking at, in order.
    func places(of dimension: Dimension) -> [SourcePlace] {
        if let places = byName[dimension.name] { return places }
        return SourceIndex.standard.names.contains(dimension.name)
            ? [] : SourcePlace.all(of: dimension)
    }

    func hasPlaces(_ dimension: Dimension) -> Bool {
        byName[dimension.name] != nil || !SourceIndex.standard.names.contains(dimension.name)
    }
}

extension SourcePlace {
    /// In the order in which they are looked at: what a span says itself, then its scope, then its resource.
    fileprivate static let tables: [Table?] = [nil, .scope, .resource]

    fileprivate static func all(of dimension: Dimension) -> [SourcePlace] {
        tables.flatMap { table in
            dimension.sources.filter { table == nil || $0.isAttribute }.map {
                SourcePlace(source: $0, table: table)
            }
        }
    }
}

/// All sources by what they read.
private struct SourceIndex: Sendable {
    struct Entry: Sendable {
        let dimension: Int
        let source: Int
        /// Where its key is looked for.
        var tables: [Table] = []
        /// Whether all that it finds counts as said by the span itself.
        var isSpansOwn = true
    }

    let dimensions: [Dimension]
    let names: Set<String>
    private(set) var byKey: [String: [Entry]] = [:]
    private(set) var indexed: [(entry: Entry, patterns: [IndexedKey])] = []
    /// Those that read a field of a table.
    private(set) var byField: [Table: [Entry]] = [:]
    /// Those that every span has something for.
    private(set) var always: [Entry] = []

    static let standard = SourceIndex(
        DimensionTable.standard.dimensions
            + [DimensionTable.systemInstructions, DimensionTable.cacheWrites])

    private init(_ dimensions: [Dimension]) {
        self.dimensions = dimensions
        names = Set(dimensions.map(\.name))
        for (number, dimension) in dimensions.enumerated() {
            for (place, source) in dimension.sources.enumerated() {
                add(source.origin, Entry(dimension: number, source: place))
            }
        }
    }

    private mutating func add(_ origin: DimensionSource.Origin, _ entry: Entry) {
        func at(_ tables: Table..., spansOwn: Bool = true) -> Entry {
            var entry = entry
            entry.tables = tables
            entry.isSpansOwn = spansOwn
            return entry
        }
        switch origin {
        case .attribute(let key):
            byKey[key, default: []].append(at(.span, .scope, .resource, spansOwn: false))
        case .resource(let key): byKey[key, default: []].append(at(.resource))
        case .time(let key), .child(let key): byKey[key, default: []].append(at(.span))
        case .event(let key, _): byKey[key, default: []].append(at(.event))
        case .indexed(let patterns, _): indexed.append((entry, patterns))
        case .eventTime: byField[.event, default: []].append(entry)
        case .spanName, .statusMessage, .keyTenant: byField[.span, default: []].append(entry)
        case .status: always.append(entry)
        }
    }
}
