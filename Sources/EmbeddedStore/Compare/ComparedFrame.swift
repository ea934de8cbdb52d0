internal import Spans
internal import Store

/// The units of one frame that are compared, and which of them are in the target.
struct ComparedFrame: Sendable {
    let fields: FieldResolver
    /// The cohorts as a question about slices.
    let query: SliceQuery
    let selection: UnitSelection
    /// By the number of a unit, of those that are not compared too.
    let isTarget: [Bool]
    /// The numbers of the compared units in the target, ascending.
    let targets: [UInt32]
    let totals: FrameTotals
    /// What is compared.
    let tallies: UnitTallies
    private let columns: KeptColumns

    var frame: any Frame { fields.frame }
    var unit: Unit { query.unit }

    init(
        _ query: SliceQuery, _ frame: any Frame, percentiles: [Double: Double],
        _ control: ScanControl
    ) throws {
        let fields = FieldResolver(frame: frame, control: control)
        let scan = try SliceScan(query, fields, percentiles: percentiles)
        self.fields = fields
        columns = KeptColumns(control.spare)
        self.query = query
        selection = scan.units.selection
        isTarget = scan.units.hasFailed
        totals = FrameTotals(scan)
        var targets: [UInt32] = []
        targets.reserveCapacity(totals.failureCount)
        scan.units.selection.visit { _, unit in
            if scan.units.hasFailed[unit] { targets.append(UInt32(unit)) }
        }
        self.targets = targets
        let traceOf = query.unit == .span ? Self.traces(of: frame) : nil
        var counter = TraceCounter()
        scan.units.selection.visit { _, unit in
            counter.add(traceOf?[unit] ?? UInt32(unit), scan.units.hasFailed[unit])
        }
        tallies = counter.tallies
        // What stays until the question is answered.
        try control.reserve(
            targets.count * 4 + isTarget.count + selection.byteCount, .cohorts)
    }

    /// When the frame's traces began and how long they took. It stays with the frame: each step needs it, and it is made of several
    /// columns of all spans.
    func traceTimes(_ resolver: FieldResolver) throws -> TraceTimes {
        try frame.derived("trace times") { try resolver.traceTimes() }
    }

    /// Of spans, by row the number of its trace; nil if units are traces.
    ///
    /// That of all frames together would take more room than anything else, so it is made for each step.
    func traceOf(_ resolver: FieldResolver) throws -> [UInt32]? {
        if unit == .trace { return nil }
        return try resolver.frame.derived("traces of rows") {
            RowTraces(numbers: Self.traces(of: frame))
        }.numbers
    }

    private struct RowTraces: MemorySized {
        let numbers: [UInt32]
        var byteCount: Int { numbers.count * 4 }
    }

    private static func traces(of frame: any Frame) -> [UInt32] {
        var traceOf: [UInt32] = []
        traceOf.reserveCapacity(frame.spanCount)
        frame.visitTraces { trace, rows in
            for _ in rows { traceOf.append(UInt32(trace)) }
        }
        return traceOf
    }

    /// The frame's fields for one pass over all dimensions, of which nothing is kept if the frames are many.
    func passing(_ keepsNothing: Bool) -> FieldResolver {
        keepsNothing ? fields.keepingNothing(but: false) : fields
    }

    /// Whether all spans of each trace have the same of a field.
    func isShared(_ field: Field, _ resolver: FieldResolver) throws -> Bool {
        if TraceDimensions(fields: resolver).isShared(field) { return true }
        return try frame.counts?.areShared(field, by: frame) ?? false
    }
}

extension ComparedFrame {
    /// What conjunctions are made of, of a dimension that would have to be resolved again; nil if it was not kept.
    func keptColumn(_ dimension: Int) -> ItemColumn? { columns.column(dimension) }

    /// The last step that needs columns has them.
    func dropColumns() { columns.drop() }

    func keep(_ column: ItemColumn, _ dimension: Int) {
        columns.keep(column, dimension, units: isTarget.count)
    }

    /// What is stored of how many units have each value of a field; nil if nothing is of just those that are compared.
    func counted(_ field: Field, _ control: ScanControl) throws -> CountedScan? {
        var query = query
        query.by = [field]
        return try CountedQuestion(query, nil)?.scan(frame, control)
    }
}

/// All units of a window that are compared.
struct Population: Sendable {
    let frames: [ComparedFrame]
    /// With more spans than this, what a pass resolves would only push out what queries keep warm.
    private static let spansKeptMax = 3 << 20

    init(
        _ query: SliceQuery, _ frames: [any Frame], percentiles: [Double: Double],
        _ control: ScanControl
    ) throws {
        self.frames = try Scanner.parallel(FramePruning.frames(frames, for: query, percentiles)) {
            try ComparedFrame(query, $0, percentiles: percentiles, control)
        }
        try control.check()
    }

    /// All compared units.
    var tallies: UnitTallies { frames.reduce(into: UnitTallies()) { $0 += $1.tallies } }
    var tally: Tally { tallies.units }

    var keepsNothing: Bool { frames.reduce(0) { $0 + $1.frame.spanCount } > Self.spansKeptMax }

    func coverage(_ range: TimeRange, _ snapshot: Snapshot) -> Coverage {
        var coverage = Coverage(range: range)
        coverage.oldest = snapshot.oldest
        coverage.newest = snapshot.newest
        for frame in frames {
            coverage.matched += frame.totals.unitCount
            coverage.spans += frame.totals.spanCount
            coverage.openTraces += frame.totals.openTraces
            coverage.droppedUpstream += frame.totals.droppedUpstream
        }
        return coverage
    }
}
