internal import Dimensions
internal import Spans
internal import Store

/// Reads traces whole: their spans from wherever they lie, and the canonical dimensions of each.
struct TraceReader {
    private let snapshot: Snapshot
    private let control: ScanControl

    init(_ snapshot: Snapshot, _ control: ScanControl) {
        self.snapshot = snapshot
        self.control = control
    }

    /// The spans of some traces; empty if there are none.
    func rows(of traces: Set<[UInt8]>) throws -> SpanRows {
        var collector = RowCollector()
        for view in snapshot.views {
            try control.check()
            let rows = try Self.rows(of: traces, in: view)
            if rows.isEmpty { continue }
            let before = collector.batch.byteCount
            try collector.append(rows, of: view.segment)
            // Twice: their dimensions hold the texts too.
            try control.reserve((collector.batch.byteCount - before) * 2, .spans)
        }
        let batch = collector.batch
        return SpanRows(
            batch: batch, dimensions: try dimensions(of: batch), canonical: Set(names))
    }

    /// The rows of some traces in one segment that are not deleted.
    private static func rows(of traces: Set<[UInt8]>, in view: SegmentView) throws -> [Int] {
        let segment = view.segment
        var rows: [Int] = []
        if segment.record.isOrdered {
            let hashes = traces.map { $0.withUnsafeBytes { TraceFilter.hash($0) } }
            if let filter = segment.record.filter, !hashes.contains(where: { filter.contains($0) })
            {
                return []
            }
            let table = try segment.traceTable()
            let found = hashes.compactMap { table.trace($0) }
            if found.isEmpty { return [] }
            let ends = try segment.traceEnds()
            for trace in found.sorted() {
                rows += Array((trace == 0 ? 0 : Int(ends[trace - 1]))..<Int(ends[trace]))
            }
        } else {
            guard let ids = try segment.column(.traceID, withTexts: false) else { return [] }
            let isWanted = (0..<ids.strings.count).map { code in
                ids.strings.withValue(code) { traces.contains(Array($0)) }
            }
            if !isWanted.contains(true) { return [] }
            rows = ids.codes.indices.filter { isWanted[Int(ids.codes[$0])] }
        }
        return rows.filter { view.deleted?.contains($0) != true }
    }

    // MARK: Dimensions

    /// What is looked up for each span: canonical dimensions, each under one name, and scores.
    private var names: [String] { Self.names + (control.scores?.dimensions ?? []) }

    private static let names = DimensionTable.standard.names.filter {
        DimensionTable.synonyms[$0] == nil
    }

    private func dimensions(
        of batch: SpanBatch
    ) throws -> [[(name: String, values: [GroupValue])]] {
        if batch.count == 0 { return [] }
        let frame = try LooseFrame([(SegmentData(batch), nil)])
        let fields = FieldResolver(frame: frame, control: control)
        var dimensions = [[(name: String, values: [GroupValue])]](
            repeating: [], count: batch.count)
        for name in names where fields.mayHaveValues(name) {
            let field = try fields.resolve(Field(name), forComparison: false)
            // Spans mostly have what their neighbours have.
            var last: (code: UInt32, values: [GroupValue]) = (0, [])
            for (row, code) in field.codes.enumerated() where code != 0 {
                if code != last.code {
                    last = (code, [])
                    field.forEachValue(of: code) { last.values.append(field.values.value($0)) }
                }
                dimensions[Int(frame.order[row].row)].append((name, last.values))
            }
        }
        return dimensions
    }

    // MARK: Prefixes

    /// Traces whose id begins with some hexadecimal digits, up to a limit.
    func ids(prefix: String, limit: Int) throws -> [[UInt8]] {
        var found: Set<[UInt8]> = []
        for view in snapshot.views {
            try control.check()
            guard let ids = try view.segment.column(.traceID, withTexts: false) else { continue }
            var isLive = [Bool](repeating: view.deleted == nil, count: ids.strings.count)
            if let deleted = view.deleted {
                for (row, code) in ids.codes.enumerated() where !deleted.contains(row) {
                    isLive[Int(code)] = true
                }
            }
            for code in 0..<ids.strings.count where isLive[code] {
                ids.strings.withValue(code) { id in
                    if HexPrefix.matches(prefix, id) { found.insert(Array(id)) }
                }
                if found.count >= limit { return Array(found) }
            }
        }
        return Array(found)
    }
}

/// Compares bytes with hexadecimal digits without writing them out.
enum HexPrefix {
    /// - Parameter digits: hexadecimal, lower case.
    static func matches(_ digits: String, _ bytes: UnsafeRawBufferPointer) -> Bool {
        if digits.utf8.count > bytes.count * 2 { return false }
        for (index, digit) in digits.utf8.enumerated() {
            let half = index % 2 == 0 ? bytes[index / 2] >> 4 : bytes[index / 2] & 15
            if digit != (half < 10 ? 48 + half : 87 + half) { return false }
        }
        return true
    }
}
