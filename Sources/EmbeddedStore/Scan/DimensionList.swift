internal import Dimensions
internal import Spans
internal import Store
internal import Synchronization

/// Counts the spans and distinct values of every dimension over a range.
struct DimensionList {
    private let query: DimensionsQuery
    private let snapshot: Snapshot
    private let control: ScanControl
    private let names: KnownNames

    init(_ query: DimensionsQuery, _ snapshot: Snapshot, _ control: ScanControl) {
        self.query = query
        self.snapshot = snapshot
        self.control = control
        names = snapshot.names(with: control)
    }

    /// One dimension as it is looked up.
    private struct Entry: Sendable {
        let field: Field
        let isCanonical: Bool
        /// Its values are texts, ids or times: looked at only where all are asked for.
        let isLong: Bool
        let sources: [String]
    }

    /// What one frame has of one dimension.
    private struct Part: Sendable {
        var count = 0
        var isList = false
        var values = ByteDictionary()
    }

    /// The spans of one frame that are meant.
    private struct Rows: Sendable {
        let fields: FieldResolver
        let selection: UnitSelection
        let droppedUpstream: Int
    }

    /// One frame, and its rows once they are needed: of most dimensions counts are stored.
    private final class Source: Sendable {
        let frame: any Frame
        private let make: @Sendable () throws -> Rows
        private let made = Mutex<Rows?>(nil)

        init(_ frame: any Frame, _ make: @escaping @Sendable () throws -> Rows) {
            self.frame = frame
            self.make = make
        }

        func rows() throws -> Rows {
            try made.withLock { made in
                if let made { return made }
                let rows = try make()
                made = rows
                return rows
            }
        }
    }

    func answer() throws -> DimensionsAnswer {
        let entries = entries
        let slice = SliceQuery(
            condition: query.condition, failure: query.failure, unit: .span, range: query.range,
            figures: [])
        let frames = try Frames.of(snapshot, range: query.range)
        let percentiles = try Scanner.percentiles(slice, frames, control)
        let sources = try FramePruning.frames(frames, for: slice, percentiles).map { frame in
            Source(frame) { [control] in
                let fields = FieldResolver(frame: frame, control: control)
                let units = try MatchedUnits(slice, fields, percentiles: percentiles)
                return Rows(
                    fields: fields, selection: units.selection,
                    droppedUpstream: try units.droppedUpstream(frame))
            }
        }
        var coverage = Coverage(range: query.range)
        coverage.oldest = snapshot.oldest
        coverage.newest = snapshot.newest
        let matched = try Scanner.parallel(sources) { source in
            if let scan = try CountedQuestion(slice, nil)?.scan(source.frame, control) {
                return (spans: scan.unitCount, dropped: scan.droppedUpstream)
            }
            let rows = try source.rows()
            return (spans: rows.selection.count, dropped: rows.droppedUpstream)
        }
        coverage.matched = matched.reduce(0) { $0 + $1.spans }
        coverage.spans = coverage.matched
        coverage.droppedUpstream = matched.reduce(0) { $0 + $1.dropped }
        // One after the other: all values of all dimensions at once would take more memory than anything else.
        let summaries = try entries.map { entry in
            let parts = try Scanner.parallel(sources) { try part(of: entry, slice, in: $0) }
            let summary = summary(entry, parts)
            control.release(parts.reduce(0) { $0 + $1.values.byteCount } * 2)
            return summary
        }
        return DimensionsAnswer(
            dimensions: summaries.filter { $0.count > 0 }, coverage: coverage)
    }

    // MARK: What there is

    private var entries: [Entry] {
        let longKeys = Set(
            CountsMaking.uncounted.flatMap { DimensionTable.standard[$0]?.sources ?? [] }
                .compactMap(\.key))
        let canonical = names.canonical.sorted().map { name in
            Entry(
                field: Field(name), isCanonical: true,
                isLong: CountsMaking.uncounted.contains(name),
                sources: sources(of: name))
        }
        let raw = names.raw.subtracting(names.canonical).sorted().map { name in
            Entry(
                field: Field(name, scope: .attribute), isCanonical: false,
                isLong: longKeys.contains(name), sources: [])
        }
        return canonical + raw
    }

    /// The raw keys that feed a dimension and that are held, in order of precedence.
    private func sources(of name: String) -> [String] {
        guard let dimension = DimensionTable.standard[name] else { return [] }
        var found: [String] = []
        for source in dimension.sources {
            switch source.origin {
            case .attribute(let key), .resource(let key), .time(let key), .child(let key):
                if names.raw.contains(key) { found.append(key) }
            case .indexed(let patterns, _):
                found += names.raw.filter { key in
                    patterns.contains { $0.indices(of: key) != nil }
                }.sorted()
            case .event(let key, _):
                if names.event.contains(key) { found.append("event.\(key)") }
            case .eventTime, .spanName, .status, .statusMessage, .keyTenant: break
            }
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    // MARK: Counting

    private func part(of entry: Entry, _ slice: SliceQuery, in source: Source) throws -> Part {
        try control.check()
        if entry.isLong, !query.countsAll {
            let rows = try source.rows()
            return Part(count: try presence(of: entry, rows.selection, rows.fields))
        }
        let part = try countedPart(of: entry, slice, in: source) ?? part(of: entry, source.rows())
        // Twice: once more when the frames' are put together.
        try control.reserve(part.values.byteCount * 2, .values)
        return part
    }

    /// From stored counts; nil if there are none.
    private func countedPart(
        of entry: Entry, _ slice: SliceQuery, in source: Source
    ) throws -> Part? {
        var slice = slice
        slice.by = [entry.field]
        guard let scan = try CountedQuestion(slice, nil)?.scan(source.frame, control) else {
            return nil
        }
        var part = Part(isList: scan.isList)
        part.count = scan.unitCount
        try scan.visitGroups { _, key, tally in
            guard let tagged = GroupKey.onlyValue(of: key) else {
                // Those without a value.
                part.count -= tally.count
                return
            }
            _ = part.values.code(of: tagged)
        }
        return part
    }

    private func part(of entry: Entry, _ rows: Rows) throws -> Part {
        let resolved = try rows.fields.resolve(entry.field, forComparison: false)
        var part = Part()
        var isUsed = [Bool](repeating: false, count: resolved.codeCount)
        rows.selection.visit { _, row in
            let code = Int(resolved.codes[row])
            if code == 0 { return }
            part.count += 1
            isUsed[code] = true
        }
        for code in isUsed.indices where isUsed[code] {
            var several = 0
            resolved.forEachValue(of: UInt32(code)) { value in
                several += 1
                _ = resolved.values.tagged(value).withUnsafeBytes { part.values.code(of: $0) }
            }
            if several > 1 { part.isList = true }
        }
        return part
    }

    /// Counts the spans that have an id, or carry one of a text's keys, without inflating any text.
    private func presence(
        of entry: Entry, _ rows: UnitSelection, _ fields: FieldResolver
    ) throws -> Int {
        let frame = fields.frame
        var columns: [ColumnKey] = []
        switch entry.field.name {
        case "trace_id", "span_id", "start_time", "duration": return rows.count
        case "parent_span_id": columns = [.parentRow, .parentSpanID]
        default:
            let keys = entry.isCanonical ? entry.sources : [entry.field.name]
            for key in keys {
                columns += ValueType.allCases.filter { $0 != .empty }.map {
                    ColumnKey(.span, .attribute, key, $0)
                }
            }
        }
        var hasValue = [Bool](repeating: false, count: frame.spanCount)
        for key in columns where frame.keys.contains(key) {
            try frame.column(key, withTexts: false)?.presence.visit { row, _ in
                hasValue[row] = true
            }
        }
        var count = 0
        rows.visit { _, row in count += hasValue[row] ? 1 : 0 }
        return count
    }

    private func summary(_ entry: Entry, _ parts: [Part]) -> DimensionSummary {
        var values = ByteDictionary()
        var tags: Set<UInt8> = []
        for part in parts {
            for code in 0..<part.values.count {
                part.values.withValue(code) { bytes in
                    if let tag = bytes.first { tags.insert(tag) }
                    _ = values.code(of: bytes)
                }
            }
        }
        let isCounted = !entry.isLong || query.countsAll
        // What was not looked at is known all the same.
        let kind =
            isCounted || !entry.isCanonical
            ? Self.kind(tags) : Self.times.contains(entry.field.name) ? .number : .text
        return DimensionSummary(
            name: entry.field.name, kind: kind, isList: parts.contains(where: \.isList),
            count: parts.reduce(0) { $0 + $1.count }, distinct: isCounted ? values.count : nil,
            isCanonical: entry.isCanonical, sources: entry.sources)
    }

    private static let times: Set<String> = ["start_time", "duration"]

    private static func kind(_ tags: Set<UInt8>) -> DimensionSummary.Kind {
        var kinds: Set<DimensionSummary.Kind> = []
        for tag in tags {
            switch ValueTable.Tag(rawValue: tag) {
            case .text: kinds.insert(.text)
            case .integer, .double: kinds.insert(.number)
            case .boolean: kinds.insert(.boolean)
            case .bytes: kinds.insert(.bytes)
            case .json: kinds.insert(.json)
            case nil: break
            }
        }
        return kinds.count > 1 ? .mixed : kinds.first ?? .unknown
    }
}
