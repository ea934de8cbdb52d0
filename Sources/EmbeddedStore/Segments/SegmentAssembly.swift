internal import Spans

/// One row of one of several segments.
struct RowAddress: Sendable {
    var source: Int32
    var row: Int32
}

/// For each source and old row the new row, or -1 for a row that is left out; and how many are new.
struct RowMap {
    var rows: [[Int32]]
    var count: Int
}

/// Puts chosen rows of several segments, in a given order, into one: what merging, splitting a batch
/// by day and gathering rows for a query have in common.
///
/// Dictionaries are united and sorted, values that no row uses are left out, and equal resources and
/// scopes become one.
struct SegmentAssembly {
    /// For each table where its rows go.
    let maps: [RowMap]
    /// Whether dictionaries are put in the order of their bytes, which compresses better.
    private let sorted: Bool

    init(maps: [RowMap], sorted: Bool) {
        self.maps = maps
        self.sorted = sorted
    }

    /// For writing: each resource and scope once.
    ///
    /// - Precondition: parents of `sources` are ids (`ParentRows.unfold`).
    init(_ sources: [SegmentData], order: [RowAddress]) {
        let spans = RowMap(order, rowCounts: sources.map(\.spanCount))
        self.init(
            maps: [
                spans,
                .distinct(sources, .resource, pointer: SpanField.resource, spans),
                .distinct(sources, .scope, pointer: SpanField.scope, spans),
                .children(sources.map { $0.numbers(EventField.span) }, spans),
                .children(sources.map { $0.numbers(LinkField.span) }, spans),
            ], sorted: true)
    }

    /// - Parameter traceEnds: where each trace ends, if the order is by trace.
    func assembled(
        _ sources: [SegmentData], traceEnds: [UInt32]
    ) throws -> SegmentData {
        var result = SegmentData(rowCounts: maps.map(\.count))
        result.traceEnds = traceEnds
        var keys: Set<ColumnKey> = []
        for source in sources { keys.formUnion(source.columns.keys) }
        for key in keys {
            result.columns[key] = try gathered(key) { sources[$0].columns[key] }
        }
        return result
    }

    /// One column in the new order; nil if no row has a value.
    ///
    /// - Parameter source: that column of each source, with its texts. Each is asked for once, and not kept.
    func gathered(
        _ key: ColumnKey, from source: (_ index: Int) throws -> ColumnData?
    ) throws -> ColumnData? {
        let map = maps[Int(key.table.rawValue)]
        return key.type.isCoded
            ? try gatheredCodes(key, map, source) : try gatheredNumbers(key, map, source)
    }

    /// A numeric column (or one without values) in the new order; nil if no row has a value.
    private func gatheredNumbers(
        _ key: ColumnKey, _ map: RowMap, _ source: (Int) throws -> ColumnData?
    ) throws -> ColumnData? {
        let pointed = pointedTable(key).map { maps[Int($0.rawValue)].rows }
        var numbers = [UInt64](repeating: 0, count: map.count)
        var isSet = [Bool](repeating: false, count: map.count)
        var isDamaged = false
        for index in map.rows.indices {
            guard let column = try source(index) else { continue }
            column.presence.visit { row, entry in
                let new = Int(map.rows[index][row])
                guard new >= 0 else { return }
                isSet[new] = true
                guard key.type != .empty else { return }
                numbers[new] = column.numbers[entry]
                guard let pointed else { return }
                guard numbers[new] < UInt64(pointed[index].count) else {
                    isDamaged = true
                    return
                }
                numbers[new] = UInt64(
                    bitPattern: Int64(pointed[index][Int(column.numbers[entry])]))
            }
        }
        if isDamaged { throw DamagedBytes("\(key.name) points beyond its table") }
        guard let presence = Presence(set: isSet) else { return nil }
        var column = ColumnData(key: key, presence: presence)
        if key.type != .empty { column.numbers = presence.select(from: numbers) }
        return column
    }

    /// The table whose rows a column holds; they differ from source to source.
    private func pointedTable(_ key: ColumnKey) -> Table? {
        guard key.origin == .field else { return nil }
        return switch (key.table, key.name) {
        case (.span, SpanField.resource.name): .resource
        case (.span, SpanField.scope.name): .scope
        case (.event, EventField.span.name), (.link, LinkField.span.name): .span
        default: nil
        }
    }

    private func gatheredCodes(
        _ key: ColumnKey, _ map: RowMap, _ source: (Int) throws -> ColumnData?
    ) throws -> ColumnData? {
        if let map = map.onlySource, !sorted, key != .traceID {
            return try source(0).map {
                $0.reordered(map, rowCount: self.maps[Int(key.table.rawValue)].count)
            }
        }
        var union = CodedUnion(key.type)
        var dense = [UInt32](repeating: 0, count: map.count)
        for index in map.rows.indices {
            guard let column = try source(index) else { continue }
            let rows = map.rows[index]
            var used = [Bool](repeating: false, count: column.valueCount)
            column.presence.visit { row, entry in
                if rows[row] >= 0 { used[Int(column.codes[entry])] = true }
            }
            let codes = union.add(column, used: used)
            column.presence.visit { row, entry in
                let new = Int(rows[row])
                if new >= 0 { dense[new] = codes[Int(column.codes[entry])] + 1 }
            }
        }
        guard let presence = Presence(set: dense.map { $0 != 0 }) else { return nil }
        var column = ColumnData(key: key, presence: presence)
        column.codes = presence.select(from: dense).map { $0 - 1 }
        if key == .traceID || !sorted || union.holdsTexts(key) {
            // Trace ids keep the order of the traces, so that their codes are runs. So do texts: sorting them gives
            // their pool nothing, and a trace's lie together.
            union.orderByFirstUse(&column)
        } else {
            union.orderByBytes(&column)
        }
        return column
    }
}

extension RowMap {
    /// For each row its new one, if all rows come from one source and none is left out.
    fileprivate var onlySource: [Int32]? {
        rows.count == 1 && rows[0].count == count ? rows[0] : nil
    }

    /// Rows of a table that spans point to: each content once, in the order of first use.
    static func distinct(
        _ sources: [SegmentData], _ table: Table, pointer: SpanField, _ spans: RowMap
    ) -> RowMap {
        var contents = ByteDictionary()
        var map = RowMap(
            rows: sources.map { [Int32](repeating: -1, count: $0.rowCount(table)) }, count: 0)
        for (index, source) in sources.enumerated() {
            guard let pointers = source.field(pointer) else { continue }
            let rows = source.contents(of: table)
            pointers.presence.visit { row, entry in
                let target = Int(truncatingIfNeeded: pointers.numbers[entry])
                guard spans.rows[index][row] >= 0, rows.indices.contains(target),
                    map.rows[index][target] < 0
                else { return }
                map.rows[index][target] = Int32(contents.code(of: rows[target]))
            }
        }
        map.count = contents.count
        return map
    }

    /// Rows of a table that point to spans: those of the spans that are kept, in their order.
    ///
    /// - Parameter pointers: for each source and row of the table its span's row.
    static func children(_ pointers: [[UInt64]], _ spans: RowMap) -> RowMap {
        var map = RowMap(rows: pointers.map { [Int32](repeating: -1, count: $0.count) }, count: 0)
        var kept: [(span: Int32, address: RowAddress)] = []
        for (source, rows) in pointers.enumerated() {
            for (row, span) in rows.enumerated() where span < UInt64(spans.rows[source].count) {
                let new = spans.rows[source][Int(span)]
                if new < 0 { continue }
                kept.append((new, RowAddress(source: Int32(source), row: Int32(row))))
            }
        }
        // A span's rows come from one source and lie there in order.
        kept.sort { ($0.span, $0.address.row) < ($1.span, $1.address.row) }
        for (new, entry) in kept.enumerated() {
            map.rows[Int(entry.address.source)][Int(entry.address.row)] = Int32(new)
        }
        map.count = kept.count
        return map
    }

    /// All rows of all sources, one after the other.
    static func all(_ rowCounts: [Int]) -> RowMap {
        var map = RowMap(rows: [], count: 0)
        for count in rowCounts {
            map.rows.append((map.count..<map.count + count).map { Int32($0) })
            map.count += count
        }
        return map
    }

    init(_ order: [RowAddress], rowCounts: [Int]) {
        rows = rowCounts.map { [Int32](repeating: -1, count: $0) }
        count = order.count
        for (new, address) in order.enumerated() {
            rows[Int(address.source)][Int(address.row)] = Int32(new)
        }
    }
}

extension SegmentData {
    /// For each row of a table all that it holds, as bytes: equal rows have equal bytes.
    fileprivate func contents(of table: Table) -> [[UInt8]] {
        var contents = [[UInt8]](repeating: [], count: rowCount(table))
        let keys = columns.keys.filter { $0.table == table }
        for key in keys.sorted(by: ColumnKey.inStorageOrder) {
            guard let column = columns[key] else { continue }
            let name = Array(key.name.utf8)
            column.presence.visit { row, entry in
                contents[row].append(key.origin.rawValue)
                contents[row].append(key.type.rawValue)
                contents[row].appendVarint(name.count)
                contents[row].append(contentsOf: name)
                column.appendContent(entry, to: &contents[row])
            }
        }
        return contents
    }
}

extension ColumnData {
    /// A coded column with its rows in another order; the values stay as they are.
    fileprivate func reordered(_ newRows: [Int32], rowCount: Int) -> ColumnData {
        var dense = [UInt32](repeating: .max, count: rowCount)
        presence.visit { row, entry in dense[Int(newRows[row])] = codes[entry] }
        var column = self
        if case .rows = presence {
            let rows = dense.indices.filter { dense[$0] != .max }
            column.presence = .rows(rows.map { UInt32($0) })
            column.codes = rows.map { dense[$0] }
        } else {
            column.codes = dense
        }
        return column
    }

    /// Appends what the value at `entry` is made of, so that different values never look alike.
    fileprivate func appendContent(_ entry: Int, to bytes: inout [UInt8]) {
        if key.type == .empty { return }
        guard key.type.isCoded else { return bytes.appendLittleEndian(numbers[entry]) }
        let code = Int(codes[entry])
        guard key.type == .strings else { return appendString(code, to: &bytes) }
        bytes.appendVarint(lists[code].count)
        for element in lists[code] { appendString(Int(element), to: &bytes) }
    }

    private func appendString(_ code: Int, to bytes: inout [UInt8]) {
        bytes.appendVarint(strings.length(of: code))
        strings.withValue(code) { bytes.append(contentsOf: $0) }
    }
}

extension Presence {
    /// The rows that are set; nil if none is.
    init?(set: [Bool]) {
        let rows = set.indices.filter { set[$0] }.map(UInt32.init)
        guard !rows.isEmpty else { return nil }
        self.init(rows: rows, of: set.count)
    }

    /// The entries of present rows from one entry for every row.
    func select<T>(from dense: [T]) -> [T] {
        switch self {
        case .all: dense
        case .rows(let rows): rows.map { dense[Int($0)] }
        }
    }
}
