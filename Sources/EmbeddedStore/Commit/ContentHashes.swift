internal import Spans

/// A hash for each span of a segment over all that was sent of it: fields, attributes, events, links, resource and
/// scope.
///
/// Of two copies of a span that end together the later is kept only if it says something else, so that a request
/// that is sent again as it was rewrites nothing. The order of attributes does not matter, nor in which form a
/// segment is stored. Hashes differ from process to process.
struct ContentHashes {
    /// By span row.
    let all: [UInt64]

    /// - Parameter column: a column with its texts, where the segment has it.
    init(
        rowCounts: [Int], keys: some Collection<ColumnKey>,
        column: (ColumnKey) throws -> ColumnData?
    ) rethrows {
        var tables = rowCounts.map { [UInt64](repeating: 0, count: $0) }
        for key in keys where Self.isContent(key) {
            guard let column = try column(key) else { continue }
            Self.add(column, to: &tables[Int(key.table.rawValue)])
        }
        func numbers<F: TableField>(_ field: F) throws -> ColumnData? {
            try column(ColumnKey(F.table, .field, field.name, field.type))
        }
        var spans = tables[Int(Table.span.rawValue)]
        if let near = try column(.parentRow), let ids = try numbers(SpanField.spanID) {
            let ids = ids.denseNumbers(rowCount: spans.count)
            for (row, parent) in ParentRows.allRows(near, rowCount: spans.count).enumerated()
            where parent >= 0 {
                spans[row] &+= Self.mixed(Self.parentSeed, ids[Int(parent)])
            }
        }
        try column(.parentSpanID).map { far in
            far.presence.visit {
                spans[$0] &+= Self.mixed(Self.parentSeed, far.numbers[$1])
            }
        }
        for (table, pointers) in [
            (Table.resource, try numbers(SpanField.resource)),
            (Table.scope, try numbers(SpanField.scope)),
        ] {
            let hashes = tables[Int(table.rawValue)]
            pointers?.presence.visit { row, entry in
                let place = Int(truncatingIfNeeded: pointers?.numbers[entry] ?? 0)
                // One without anything says as much as none.
                guard hashes.indices.contains(place), hashes[place] != 0 else { return }
                spans[row] &+= Self.mixed(UInt64(table.rawValue), hashes[place])
            }
        }
        for (table, owners) in [
            (Table.event, try numbers(EventField.span)),
            (Table.link, try numbers(LinkField.span)),
        ] {
            let hashes = tables[Int(table.rawValue)]
            if hashes.isEmpty { continue }
            let owners =
                owners?.denseNumbers(rowCount: hashes.count)
                ?? [UInt64](repeating: 0, count: hashes.count)
            var chains: [Int: UInt64] = [:]
            for (row, owner) in owners.enumerated() {
                let span = Int(truncatingIfNeeded: owner)
                chains[span] = Self.mixed(chains[span] ?? UInt64(table.rawValue), hashes[row])
            }
            for (span, chain) in chains where spans.indices.contains(span) {
                spans[span] &+= chain
            }
        }
        all = spans
    }

    init(_ data: SegmentData) {
        self.init(rowCounts: data.rowCounts, keys: data.columns.keys) { data.columns[$0] }
    }

    init(_ segment: Segment) throws {
        if segment.isPacked {
            let packed = try segment.opened()
            try self.init(rowCounts: packed.rowCounts, keys: packed.keys) {
                try packed.column($0, withTexts: true)
            }
        } else {
            try self.init(rowCounts: segment.record.rowCounts, keys: segment.keys) {
                try segment.cold($0)
            }
        }
    }

    private static let parentSeed: UInt64 = 0x7061_7265_6e74

    /// Not what points to other rows, nor what is found out on receipt.
    private static func isContent(_ key: ColumnKey) -> Bool {
        key.origin != .derived && !apart.contains(key)
    }

    private static let apart: Set<ColumnKey> = [
        .parentRow, .parentSpanID,
        ColumnKey(.span, .field, SpanField.resource.name, .int),
        ColumnKey(.span, .field, SpanField.scope.name, .int),
        ColumnKey(.span, .field, SpanField.marks.name, .int),
        ColumnKey(.event, .field, EventField.span.name, .int),
        ColumnKey(.link, .field, LinkField.span.name, .int),
    ]

    private static func add(_ column: ColumnData, to rows: inout [UInt64]) {
        let key = column.key
        let seed = Array(key.name.utf8).withUnsafeBytes { name in
            mixed(UInt64(key.origin.rawValue) << 8 | UInt64(key.type.rawValue), hashBytes(name))
        }
        // A field that was not set reads 0 or empty, whether or not it is stored.
        let skipsZero = key.origin == .field
        if key.type == .empty {
            column.presence.visit { row, _ in rows[row] &+= seed }
        } else if key.type.isCoded {
            let values = (0..<column.valueCount).map { code -> UInt64 in
                if key.type == .strings {
                    return column.lists[code].reduce(seed) { hash, element in
                        mixed(hash, column.strings.withValue(Int(element)) { hashBytes($0) })
                    }
                }
                if skipsZero, column.strings.length(of: code) == 0 { return 0 }
                return mixed(seed, column.strings.withValue(code) { hashBytes($0) })
            }
            column.presence.visit { row, entry in
                rows[row] &+= values[Int(column.codes[entry])]
            }
        } else {
            column.presence.visit { row, entry in
                let number = column.numbers[entry]
                if number != 0 || !skipsZero { rows[row] &+= mixed(seed, number) }
            }
        }
    }

    private static func mixed(_ seed: UInt64, _ value: UInt64) -> UInt64 {
        withUnsafeBytes(of: (seed, value)) { hashBytes($0) }
    }
}
