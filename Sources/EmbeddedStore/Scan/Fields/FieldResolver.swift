internal import Dimensions
internal import Spans
internal import Store
internal import Synchronization

/// Finds the values of fields for the rows of one frame: intrinsics, canonical dimensions, raw keys.
struct FieldResolver {
    let frame: any Frame
    let control: ScanControl

    /// When the frame's spans, or its traces, began.
    func starts(_ unit: Unit) throws -> UnitStarts {
        unit == .trace ? try traceTimes().starts : try UnitStarts.ofSpans(frame)
    }

    func traceTimes() throws -> TraceTimes { try TraceTimes.of(frame) }

    /// The values of a field for every row. Canonical ones are inherited where they may be.
    ///
    /// - Parameter forComparison: durations stay nanoseconds; else they are milliseconds, as printed.
    func resolve(
        _ field: Field, forComparison: Bool
    ) throws -> ResolvedField {
        try control.check()
        control.hot?.note(field, forComparison: forComparison)
        // Scores change without the frame, so they are not kept with it.
        if let score = try ScoreFields(self).resolve(field) {
            return field.scope == .root ? try ofRoot(score) : score
        }
        let suffix = forComparison && field.isIntrinsic("duration") ? " ns" : ""
        let name = "field " + Self.word(field.scope) + field.name + suffix
        return try frame.derived(name) {
            // A root's are those of its span.
            if field.isLongText, field.scope == .any, !BackgroundWork.isCurrent {
                // Texts of one frame at a time: those of all together would take more memory than anything else. Background work has
                // one frame at a time anyway, and nobody is to wait for it.
                return try Self.longTexts.withLock { _ in try make(field, forComparison) }
            }
            return try make(field, forComparison)
        }
    }

    /// What tells the fields of one name apart. Printing the case itself would take longer than most fields of few spans.
    private static func word(_ scope: Field.Scope) -> String {
        switch scope {
        case .any: "any "
        case .root: "root "
        case .span: "span "
        case .resource: "resource "
        case .scope: "scope "
        case .event: "event "
        case .attribute: "attribute "
        }
    }

    /// Whether some span may have a value of a canonical dimension.
    func mayHaveValues(_ name: String) -> Bool {
        guard !DimensionTable.ofTraces.contains(name), let dimension = DimensionTable.standard[name]
        else { return true }
        return dimension.isNeverNull || frame.keySet.sources.hasPlaces(dimension)
    }

    /// Keeps what `make` derives from a field with the frame, unless the field may change without it.
    func kept<T: MemorySized>(
        _ name: String, for field: Field, make: () throws -> T
    ) throws -> T {
        // Scores change.
        field.name.hasPrefix("score.") ? try make() : try frame.derived(name, make: make)
    }

    private static let longTexts = Mutex(())

    private func make(
        _ field: Field, _ forComparison: Bool
    ) throws -> ResolvedField {
        switch field.scope {
        case .any:
            if let intrinsic = try intrinsic(field.name, forComparison) {
                return intrinsic
            }
            if let canonical = try canonical(field.name) { return canonical }
            return try raw(field.name, [.span, .resource, .scope])
        case .root:
            let inner = try resolve(Field(field.name), forComparison: forComparison)
            return try ofRoot(inner)
        case .span: return try raw(field.name, [.span])
        case .resource: return try raw(field.name, [.resource])
        case .scope: return try raw(field.name, [.scope])
        case .event: return try eventAttribute(field.name)
        case .attribute: return try raw(field.name, [.span, .resource, .scope])
        }
    }

    private func canonical(_ name: String) throws -> ResolvedField? {
        let ofTraces = TraceDimensions(fields: self)
        if let field = try ofTraces.resolve(name) { return field }
        guard let dimension = DimensionTable.standard[name] else { return nil }
        let field = try CanonicalResolver(dimension, self).resolve()
        return name == "tool.sequence" ? try ofTraces.completeSequences(field) : field
    }

    // MARK: Intrinsics

    static let intrinsics: Set<String> = [
        "trace_id", "span_id", "parent_span_id", "name", "kind", "status", "status_message",
        "start_time", "duration",
    ]

    private func intrinsic(
        _ name: String, _ forComparison: Bool
    ) throws -> ResolvedField? {
        switch name {
        case "name": return try text(SpanField.name)
        case "status_message": return try text(SpanField.statusMessage)
        case "kind": return named(try frame.numbers(SpanField.kind), SpanWords.kind)
        case "status": return named(try frame.numbers(SpanField.status), SpanWords.status)
        case "start_time": return numbers(try starts(.span).starts.map { .integer($0) })
        case "duration":
            return numbers(try SpanDurations.of(frame).map { duration($0, forComparison) })
        case "trace_id": return try traceIDs()
        case "span_id":
            return numbers(try frame.numbers(SpanField.spanID).map { .text(Hex.text(spanID: $0)) })
        case "parent_span_id": return try parentIDs()
        default: return nil
        }
    }

    /// Of a trace, `status duration name start_time` are its root's; without a root, error if any span
    /// is, and what the times give.
    func traceIntrinsic(
        _ name: String, forComparison: Bool
    ) throws -> ResolvedField? {
        guard Self.ofRoots.contains(name) else { return nil }
        return try frame.derived("trace \(name)\(forComparison ? " ns" : "")") {
            try makeTraceIntrinsic(name, forComparison)
        }
    }

    /// Whether a trace has its root's value of a field, where it has a root.
    static func isOfRoot(_ field: Field) -> Bool {
        field.scope == .any && ofRoots.contains(field.name)
    }

    private static let ofRoots: Set<String> = ["duration", "start_time", "status", "name"]

    private func makeTraceIntrinsic(
        _ name: String, _ forComparison: Bool
    ) throws -> ResolvedField {
        let times = try traceTimes()
        switch name {
        case "duration":
            return numbers(times.durations.map { duration($0, forComparison) })
        case "start_time": return numbers(times.starts.starts.map { .integer($0) })
        case "status":
            let statuses = try frame.numbers(SpanField.status)
            return named(
                times.rootRows.indices.map { trace in
                    if times.rootRows[trace] >= 0 { return statuses[Int(times.rootRows[trace])] }
                    return frame.rows(of: trace).contains { statuses[$0] == 2 } ? 2 : 0
                }, SpanWords.status)
        case "name":
            let names = try text(SpanField.name)
            let codes = times.rootRows.indices.map { trace in
                let root = Int(times.rootRows[trace])
                return names.codes[root >= 0 ? root : frame.rows(of: trace).lowerBound]
            }
            return ResolvedField(codes: codes, values: names.values, lists: nil)
        default: return try raw(name, [.span])
        }
    }

    private func duration(_ nanoseconds: UInt64, _ forComparison: Bool) -> GroupValue {
        forComparison
            ? .integer(Int64(clamping: nanoseconds)) : .double(Double(nanoseconds) / 1e6)
    }

    private func text(_ field: SpanField) throws -> ResolvedField {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        if let column = try frame.column(
            ColumnKey(.span, .field, field.name, field.type), withTexts: true)
        {
            builder.add(column, texts: .all)
        }
        return builder.finished()
    }

    /// Of numbers that mostly are few: those of an enumeration.
    private func named(_ numbers: [UInt64], _ name: (UInt64) -> String) -> ResolvedField {
        var table = ValueTable()
        var known = [UInt32](repeating: 0, count: 16)
        let codes = numbers.map { number -> UInt32 in
            guard number < known.count else { return table.code(.text(name(number))) }
            if known[Int(number)] == 0 { known[Int(number)] = table.code(.text(name(number))) }
            return known[Int(number)]
        }
        return ResolvedField(codes: codes, values: table, lists: nil)
    }

    private func numbers(_ values: [GroupValue]) -> ResolvedField {
        var table = ValueTable()
        let codes = values.map { table.code($0) }
        return ResolvedField(codes: codes, values: table, lists: nil)
    }

    private func traceIDs() throws -> ResolvedField {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        if let column = try frame.field(SpanField.traceID) {
            builder.add(column) { value in
                if case .bytes(let bytes) = value {
                    .one(.text(Hex.text(bytes)))
                } else {
                    .nothing
                }
            }
        }
        return builder.finished()
    }

    private func parentIDs() throws -> ResolvedField {
        let parents = try frame.parentRows()
        let spanIDs = try frame.numbers(SpanField.spanID)
        var builder = FieldBuilder(rowCount: frame.spanCount)
        for (row, parent) in parents.enumerated() where parent >= 0 {
            builder.add(.text(Hex.text(spanID: spanIDs[Int(parent)])), row: row)
        }
        if let far = try frame.column(.parentSpanID, withTexts: false) {
            far.presence.visit { row, entry in
                builder.add(.text(Hex.text(spanID: far.numbers[entry])), row: row)
            }
        }
        return builder.finished()
    }

    // MARK: Raw keys

    /// A raw key: the first place where the row has it. An empty value or list is null.
    private func raw(_ key: String, _ places: [Table]) throws -> ResolvedField {
        var builder = FieldBuilder(rowCount: frame.spanCount)
        for place in places {
            let rows = try pointers(to: place)
            for key in frame.keySet.attributes(key, in: place) {
                if let column = try frame.column(key, withTexts: true) {
                    builder.add(column, rowOf: rows, texts: .all)
                }
            }
        }
        return builder.finished()
    }

    /// For each span the row of its resource or scope, or -1; nil for the span table itself.
    func pointers(to table: Table) throws -> [Int32]? {
        let field: SpanField
        switch table {
        case .resource: field = .resource
        case .scope: field = .scope
        default: return nil
        }
        return try frame.derived("rows of \(table.name)") {
            var rows = [Int32](repeating: -1, count: frame.spanCount)
            if let column = try frame.field(field) {
                column.presence.visit { row, entry in
                    rows[row] = Int32(truncatingIfNeeded: column.numbers[entry])
                }
            }
            return RowPointers(rows)
        }.rows
    }

    /// An attribute of the span's events; a span has the values of all of them.
    private func eventAttribute(_ key: String) throws -> ResolvedField {
        var bySpan = FieldBuilder(rowCount: frame.spanCount)
        let values = try EventValues(self).values(of: key, names: [])
        for (row, values) in values.sorted(by: { $0.key < $1.key }) {
            bySpan.add(values, row: row)
        }
        return bySpan.finished()
    }

    private func ofRoot(_ field: ResolvedField) throws -> ResolvedField {
        let rootRows = try traceTimes().rootRows
        var codes = [UInt32](repeating: 0, count: frame.spanCount)
        for trace in 0..<frame.traceCount {
            let root = rootRows[trace]
            let code = root >= 0 ? field.codes[Int(root)] : 0
            for row in frame.rows(of: trace) { codes[row] = code }
        }
        return ResolvedField(codes: codes, values: field.values, lists: field.lists)
    }
}
