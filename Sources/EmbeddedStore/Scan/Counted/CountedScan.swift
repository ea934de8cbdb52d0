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
    /// nil without a field.
    private let values: ValueCounts?
    /// What is to be added to the counts of values, by their index.
    private let corrections: [Int: Tally]
    let newestStart: Int64

    init(
        _ query: SliceQuery, _ range: TimeRange, _ frame: any Frame, _ counts: SegmentCounts,
        _ values: ValueCounts?, _ control: ScanControl
    ) throws {
        self.query = query
        self.range = range
        self.frame = frame
        self.control = control
        self.values = values
        newestStart = frame.lasting?.startMax ?? .max
        let whole = try counts.whole()
        let apart = TracesMoved(counted: whole.apart, skipped: frame.skipped)
        if apart.isEmpty {
            minutes = whole.minutes
            corrections = [:]
            return
        }
        let mark = "of \(counts.number) but for \(frame.lasting?.skippedMark ?? 0)"
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
                try CountCorrections(
                    values, apart, unit, field, FieldResolver(frame: frame, control: control))
            }.byIndex
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

    var groupCount: Int { values.map { $0.values.count + 1 } ?? 1 }

    func tally(_ group: Int) -> Tally {
        guard let values else { return Tally(count: unitCount, failures: failureCount) }
        var tally = values.tallies(query.unit)[group]
        if !corrections.isEmpty, let correction = corrections[group] { tally += correction }
        return tally
    }

    func visitGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) {
        visit(0..<groupCount, body)
    }

    func visitFailingGroups(_ body: (Int, UnsafeRawBufferPointer, Tally) -> Void) {
        let failing = values?.tallies(query.unit).failing.map { Int($0) } ?? [0]
        // A correction may make one fail that did not.
        let others = corrections.keys.filter { tally($0).failures > 0 }
        let groups = others.isEmpty ? failing : Array(Set(failing).union(others))
        visit(groups) { group, key, tally in if tally.failures > 0 { body(group, key, tally) } }
    }

    private func visit(
        _ groups: some Sequence<Int>, _ body: (Int, UnsafeRawBufferPointer, Tally) -> Void
    ) {
        guard let values else {
            let tally = tally(0)
            if tally.count > 0 { body(0, UnsafeRawBufferPointer(start: nil, count: 0), tally) }
            return
        }
        let tallies = values.tallies(query.unit)
        var key = KeyBytes()
        for group in groups {
            let tally = corrections.isEmpty ? tallies[group] : tally(group)
            if tally.count == 0 { continue }
            if group == 0 {
                key.withNull { body(group, $0, tally) }
            } else {
                values.values.withValue(group - 1) { tagged in
                    key.withValue(tagged) { body(group, $0, tally) }
                }
            }
        }
    }

    /// The wanted are few, so each is looked for.
    func visitGroups(
        _ wanted: [Int], of keys: ByteDictionary, _ body: (Int, Int, Tally) -> Void
    ) {
        for key in wanted {
            let group = keys.withValue(key) { bytes in
                values.map { values in
                    GroupKey.onlyValue(of: bytes).map { values.index(of: $0) } ?? 0
                } ?? 0
            }
            guard let group else { continue }
            let tally = tally(group)
            if tally.count > 0 { body(group, key, tally) }
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
        let stepCount = grid?.count ?? 1
        var cells = [Tally](repeating: Tally(), count: (count + 1) * stepCount)
        for (group, place) in place.enumerated() where place != KeyPlaces.nowhere {
            let cell = (place == KeyPlaces.other ? count : Int(place)) * stepCount
            guard let grid else {
                cells[cell] += tally(group)
                continue
            }
            // There is no field, so the one group has all units.
            for (index, minute) in minutes.minutes.enumerated() {
                let start = MinuteCounts.start(of: minute)
                if range.contains(start) {
                    cells[cell + grid.index(of: start)] += minutes.tally(query.unit, at: index)
                }
            }
        }
        return cells.map { figures($0, plan) }
    }

    // MARK: Examples

    func examples(
        haveFailed: Bool, place: [Int32], count: Int
    ) throws -> [[SliceFigures.Example]] {
        let fields = FieldResolver(frame: frame, control: control)
        let traceIDs = try TraceIDs(frame, query.unit)
        let (selection, units) =
            haveFailed ? try failing(fields, traceIDs) : try all(fields, traceIDs)
        let values = try query.by.map { try UnitValues($0, query.unit, fields) }
        let groups = try UnitGroups(values, selection, control)
        let placeOf = try places(place, values.first, groups.count)
        var available = [Int](repeating: 0, count: count)
        groups.units.visit { position, unit in
            let place = placeOf[Int(groups.groupOf[position])]
            if place >= 0, units.hasFailed?[unit] != true { available[Int(place)] += 1 }
        }
        let map = CellMap(
            units: groups.units, cellOf: groups.groupOf.map { placeOf[Int($0)] }, count: count)
        let found = CellExamples(
            haveFailed: haveFailed, map, units, available: available)
        return (0..<count).map { found.of($0, traceID: traceIDs.id) }
    }

    /// The units that failed, as is known of a frame once it was asked.
    private func failing(
        _ fields: FieldResolver, _ traceIDs: TraceIDs
    ) throws -> (UnitSelection, ExampleUnits) {
        let unit = query.unit
        let known = try frame.derived("failing \(unit)s") {
            let hasFailed = try ConditionEvaluator(
                fields, unit: unit, failure: SliceQuery.defaultFailure, percentiles: [:]
            ).units(SliceQuery.defaultFailure)
            return hasFailed.indices.filter { hasFailed[$0] }.map { UInt32($0) }
        }
        let starts = try fields.starts(unit)
        let traces = traceIDs.numbers
        let (skipped, range) = (frame.skipped, query.range)
        let found = known.filter { number in
            let trace = traces?[Int(number)] ?? number
            return skipped?[Int(trace)] != true && range.contains(starts.starts[Int(number)])
        }
        let units = ExampleUnits(
            hasFailed: nil, starts: starts.starts, traces: traces, lastStarts: starts.lastStarts)
        return (.some(found), units)
    }

    private func all(
        _ fields: FieldResolver, _ traceIDs: TraceIDs
    ) throws -> (UnitSelection, ExampleUnits) {
        let units = try MatchedUnits(query, fields, percentiles: [:])
        return (units.selection, try units.examples(traceIDs))
    }

    /// For each group of rows, which with one field is a code, the place of the value that has it.
    private func places(
        _ place: [Int32], _ rows: UnitValues?, _ groupCount: Int
    ) throws -> [Int32] {
        guard let values, let rows else { return place }
        var places = [Int32](repeating: KeyPlaces.nowhere, count: groupCount)
        for (group, place) in place.enumerated() where place >= 0 {
            if group == 0 {
                places[0] = place
                continue
            }
            let code = values.values.withValue(group - 1) {
                rows.field.values.dictionary.existingCode(of: $0)
            }
            if let code { places[Int(code) + 1] = place }
        }
        return places
    }
}
