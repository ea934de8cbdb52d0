internal import Spans
internal import Store

/// What the stored counts of a segment give to a query. Rows are looked at only to find the examples that rows of the
/// answer show, and to correct the counts by traces that have come to lie apart since they were made.
struct CountedScan: FrameScan {
    private let query: SliceQuery
    /// What cuts the frame of the query's range.
    private let range: TimeRange
    private let frame: any Frame
    private let control: ScanControl
    private let minutes: MinuteCounts
    private let counts: SegmentCounts
    /// nil without a field.
    private let values: CountTable?
    /// What is to be added to the counts of values, by their number.
    private let corrections: [Int: Tally]
    let newestStart: Int64

    init(
        _ query: SliceQuery, _ range: TimeRange, _ frame: any Frame, _ counts: SegmentCounts,
        _ values: CountTable?, _ control: ScanControl
    ) throws {
        self.query = query
        self.range = range
        self.frame = frame
        self.control = control
        self.counts = counts
        self.values = values
        newestStart = frame.lasting?.startMax ?? .max
        let whole = try counts.whole()
        let mark = "of \(counts.number) but for \(frame.lasting?.skippedMark ?? 0)"
        let apart = try frame.derived("traces moved \(mark)") {
            TracesMoved(counted: whole.apart, skipped: frame.skipped)
        }
        if apart.isEmpty {
            minutes = whole.minutes
            corrections = [:]
            return
        }
        minutes = try frame.derived("minute counts \(mark)") {
            let fields = FieldResolver(frame: frame, control: control)
            return try whole.minutes.adjusted(
                minus: CountedUnits(.only(apart.gone), fields),
                plus: CountedUnits(.only(apart.come), fields), fields)
        }
        guard let values, let field = query.by.first else {
            corrections = [:]
            return
        }
        do {
            let unit = query.unit
            corrections = try frame.derived(
                "\(unit) corrections \(field.scope) \(field.name) \(mark)"
            ) {
                try counts.reading {
                    try CountCorrections(
                        values, apart, unit, field, FieldResolver(frame: frame, control: control))
                }
            }.byNumber
        } catch is MissingValue {
            throw counts.damaged("a value of \(field.name) is missing")
        }
    }

    // MARK: All units

    private func sum(_ ofSpans: MinuteCounts.Column, _ ofTraces: MinuteCounts.Column) -> Int {
        minutes.sum(query.unit == .trace ? ofTraces : ofSpans, in: range)
    }

    var unitCount: Int { sum(.spans, .traces) }
    var failureCount: Int { sum(.spanFailures, .traceFailures) }
    var spanCount: Int { sum(.spans, .spansOfTraces) }
    var openTraces: Int {
        query.unit == .trace ? minutes.sum(.openTraces, in: range) : 0
    }
    var droppedUpstream: Int { sum(.droppedOfSpans, .droppedOfTraces) }
    var groupsAddUp: Bool { query.unit == .span && !isList }

    /// Whether some span has several values.
    var isList: Bool { values?.isList == true }

    // MARK: Groups

    var groupCount: Int { values.map { $0.count + 1 } ?? 1 }

    func hasUnits(_ group: Int, haveFailed: Bool) throws -> Bool {
        if let values, group >= values.firstQuiet, corrections[group] == nil { return !haveFailed }
        return try tally(group).hasUnits(haveFailed: haveFailed)
    }

    private func tally(_ group: Int) throws -> Tally {
        guard let values else { return Tally(count: unitCount, failures: failureCount) }
        return corrected(try counts.reading { try values.tally(query.unit, group) }, group)
    }

    private func corrected(_ tally: Tally, _ group: Int) -> Tally {
        if corrections.isEmpty { return tally }
        guard let correction = corrections[group] else { return tally }
        var sum = tally
        sum += correction
        return sum
    }

    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) throws {
        guard let values else {
            let tally = Tally(count: unitCount, failures: failureCount)
            if tally.count > 0 { body(0, UnsafeRawBufferPointer(start: nil, count: 0), tally) }
            return
        }
        var key = KeyBytes()
        try counts.reading {
            try values.visit(query.unit) { group, tagged, tally in
                let tally = corrected(tally, group)
                if tally.count > 0 { key.with(tagged) { body(group, $0, tally) } }
            }
        }
    }

    func visitFailingGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) throws {
        guard let values else {
            return try visitGroups { if $2.failures > 0 { body($0, $1, $2) } }
        }
        var key = KeyBytes()
        func visit(_ group: Int, _ tagged: UnsafeRawBufferPointer, _ tally: Tally) {
            let tally = corrected(tally, group)
            if tally.failures > 0 { key.with(tagged) { body(group, $0, tally) } }
        }
        values.visitFailing(query.unit, visit)
        // A correction may make one fail that did not.
        let others = corrections.keys.filter { $0 >= values.firstQuiet }.sorted()
        try counts.reading { try values.visit(query.unit, others, visit) }
    }

    /// The wanted are few, so each is looked for.
    func visitGroups(
        _ wanted: [Int], of keys: ByteDictionary, _ body: (Int, Int, Tally) -> Void
    ) throws {
        guard let values else {
            let tally = Tally(count: unitCount, failures: failureCount)
            // There is one group, of which every key is.
            for key in wanted where tally.count > 0 { body(0, key, tally) }
            return
        }
        var cursor = QuietValues.Cursor()
        try counts.reading {
            for key in wanted {
                let group = try keys.withValue(key) { bytes in
                    try GroupKey.onlyValue(of: bytes).map { try values.number(of: $0, &cursor) }
                        ?? 0
                }
                guard let group else { continue }
                let tally = corrected(try values.tally(query.unit, group, cursor), group)
                if tally.count > 0 { body(group, key, tally) }
            }
        }
    }

    /// None: counted questions have no fields of distinct values.
    func distinctValues(_ plan: FigurePlan) -> [UnitValues] { [] }

    func total(_ plan: FigurePlan, distinctCodes: [[UInt32]]) -> SliceFigures {
        figures(Tally(count: unitCount, failures: failureCount), plan)
    }

    private func figures(_ tally: Tally, _ plan: FigurePlan) -> SliceFigures {
        var figures = SliceFigures(plan)
        figures.count = tally.count
        figures.failures = tally.failures
        return figures
    }

    func cells(
        place: [Int32], count: Int, _ plan: FigurePlan, grid: StepGrid?,
        distinctCodes: [[UInt32]]
    ) -> [SliceFigures] {
        var cells = [Tally](repeating: Tally(), count: (count + 1) * (grid?.count ?? 1))
        // With a field there are no steps, and counts alone need no cells (`WindowScan`).
        if let grid, let place = place.first, place != KeyPlaces.nowhere {
            let first = (place == KeyPlaces.other ? count : Int(place)) * grid.count
            for (index, minute) in minutes.minutes.enumerated() {
                let start = MinuteCounts.start(of: minute)
                if range.contains(start) {
                    cells[first + grid.index(of: start)] += minutes.tally(query.unit, at: index)
                }
            }
        }
        return cells.map { figures($0, plan) }
    }

    // MARK: Examples

    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) throws -> [[SliceFigures.Example]] {
        haveFailed
            ? try examplesOfFailing(place, count) : try examplesOfOthers(place, count)
    }

    private func examplesOfFailing(
        _ place: [Int32], _ count: Int
    ) throws -> [[SliceFigures.Example]] {
        let unit = query.unit
        let units = try FailingUnits.of(frame, unit, control)
        let values = try failingValues(units)
        var positions: [UInt32] = []
        var cells: [Int32] = []
        var available = [Int](repeating: 0, count: count)
        for (index, trace) in units.traces.enumerated()
        where frame.skipped?[Int(trace)] != true
            && query.range.contains(units.starts.starts[index])
        {
            for value in values?[index] ?? [0] where place[Int(value)] >= 0 {
                positions.append(UInt32(index))
                cells.append(place[Int(value)])
                available[Int(place[Int(value)])] += 1
            }
        }
        let map = CellMap(units: .some(positions), cellOf: cells, count: count)
        let examples = CellExamples(
            haveFailed: true, map,
            ExampleUnits(
                hasFailed: nil, starts: units.starts.starts, traces: units.traces,
                lastStarts: units.starts.lastStarts),
            available: available)
        return (0..<count).map { examples.of($0, traceID: units.traceID) }
    }

    /// nil without a field.
    private func failingValues(_ units: FailingUnits) throws -> FailingValues? {
        guard let values, let field = query.by.first else { return nil }
        let name = "failing \(query.unit)s by \(field.scope) \(field.name) of \(counts.number)"
        return try frame.derived(name) {
            try counts.reading {
                try FailingValues(
                    field, of: units, query.unit, values,
                    FieldResolver(frame: frame, control: control).keepingNothing())
            }
        }
    }

    private func examplesOfOthers(
        _ place: [Int32], _ count: Int
    ) throws -> [[SliceFigures.Example]] {
        let fields = FieldResolver(frame: frame, control: control)
        let traceIDs = try TraceIDs(frame, query.unit)
        let units = try MatchedUnits(query, fields, percentiles: [:])
        let values = try query.by.map { try UnitValues($0, query.unit, fields) }
        let groups = try UnitGroups(values, units.selection, control)
        let placeOf = try places(place, values.first, groups.count)
        var available = [Int](repeating: 0, count: count)
        groups.units.visit { position, unit in
            let place = placeOf[Int(groups.groupOf[position])]
            if place >= 0, !units.hasFailed[unit] { available[Int(place)] += 1 }
        }
        let map = CellMap(
            units: groups.units, cellOf: groups.groupOf.map { placeOf[Int($0)] }, count: count)
        let found = CellExamples(
            haveFailed: false, map, try units.examples(traceIDs), available: available)
        return (0..<count).map { found.of($0, traceID: traceIDs.id) }
    }

    /// For each group of rows, which with one field is a code, the place of the value that has it.
    private func places(
        _ place: [Int32], _ rows: UnitValues?, _ groupCount: Int
    ) throws -> [Int32] {
        guard let values, let rows else { return place }
        var places = [Int32](repeating: KeyPlaces.nowhere, count: groupCount)
        let chosen = place.indices.lazy.filter { place[$0] >= 0 }
        try counts.reading {
            try values.visit(query.unit, chosen) { group, tagged, _ in
                let code =
                    group == 0
                    ? -1 : rows.field.values.dictionary.existingCode(of: tagged).map { Int($0) }
                if let code { places[code + 1] = place[group] }
            }
        }
        return places
    }
}
