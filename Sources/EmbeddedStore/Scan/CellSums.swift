internal import Spans
internal import Store

/// Which cell each unit's figures go to: a chosen group, or all others together, and within it a step of time.
struct CellMap: Sendable {
    let units: UnitSelection
    /// For each of the units its cell, or -1 for none.
    let cellOf: [Int32]
    let count: Int
}

/// Units and failures of each cell.
struct CellCounts {
    private(set) var units: [Int]
    private(set) var failures: [Int]

    init(_ map: CellMap, _ hasFailed: [Bool]) {
        var units = [Int](repeating: 0, count: map.count)
        var failures = units
        units.withUnsafeMutableBufferPointer { units in
            failures.withUnsafeMutableBufferPointer { failures in
                map.visit(hasFailed) { cell, _, hasFailed in
                    units[cell] += 1
                    failures[cell] += hasFailed ? 1 : 0
                }
            }
        }
        self.units = units
        self.failures = failures
    }

    /// - Parameter cells: for each group its cell, or -1.
    init(_ tallies: [SliceScan.Tally], cells: [Int32], count: Int) {
        units = [Int](repeating: 0, count: count)
        failures = units
        for (tally, cell) in zip(tallies, cells) where cell >= 0 {
            units[Int(cell)] += tally.count
            failures[Int(cell)] += tally.failures
        }
    }
}

extension CellMap {
    /// Calls `body` with each unit that has a cell, and its entry of an array with one for each unit of the frame.
    @inline(__always)
    func visit<T>(_ all: [T], _ body: (_ cell: Int, _ unit: Int, _ entry: T) -> Void) {
        cellOf.withUnsafeBufferPointer { cellOf in
            all.withUnsafeBufferPointer { all in
                units.visit { position, unit in
                    let cell = Int(cellOf[position])
                    if cell >= 0 { body(cell, unit, all[unit]) }
                }
            }
        }
    }
}

/// Sum, greatest and percentiles of the durations of each cell, in one pass.
///
/// It is known how many units each cell has, so those with few get their values copied one after the other, and those
/// with many a table of buckets (`QuantileSketch`).
struct CellDurations {
    private var sums: [UInt64]
    /// How often the sum exceeded 64 bits.
    private var carries: [UInt32]
    private var greatest: [UInt64]
    /// Of small cells.
    private var values: [UInt64]
    /// Of large cells, one table after the other.
    private var buckets: [UInt32]
    /// Where a small cell's values end, or, negative, one less than minus the number of a large cell's table.
    private var places: [Int]

    init(_ map: CellMap, _ durations: [UInt64], unitCounts: [Int]) {
        var sums = [UInt64](repeating: 0, count: map.count)
        var carries = [UInt32](repeating: 0, count: map.count)
        var greatest = sums
        var (places, valueCount, tableCount) = Self.places(unitCounts)
        var values = [UInt64](repeating: 0, count: valueCount)
        var buckets = [UInt32](repeating: 0, count: tableCount * QuantileSketch.bucketCount)
        sums.withUnsafeMutableBufferPointer { sums in
            carries.withUnsafeMutableBufferPointer { carries in
                greatest.withUnsafeMutableBufferPointer { greatest in
                    places.withUnsafeMutableBufferPointer { places in
                        values.withUnsafeMutableBufferPointer { values in
                            buckets.withUnsafeMutableBufferPointer { buckets in
                                map.visit(durations) { cell, _, duration in
                                    let (sum, overflows) = sums[cell].addingReportingOverflow(
                                        duration)
                                    sums[cell] = sum
                                    if overflows { carries[cell] += 1 }
                                    if duration > greatest[cell] { greatest[cell] = duration }
                                    let place = places[cell]
                                    if place >= 0 {
                                        values[place] = duration
                                        places[cell] = place + 1
                                    } else {
                                        let table = (-1 - place) * QuantileSketch.bucketCount
                                        buckets[table + QuantileSketch.bucket(of: duration)] += 1
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        self.sums = sums
        self.carries = carries
        self.greatest = greatest
        self.values = values
        self.buckets = buckets
        self.places = places
    }

    private static func places(_ counts: [Int]) -> (places: [Int], values: Int, tables: Int) {
        var values = 0
        var tables = 0
        let places = counts.map { count in
            if count > QuantileSketch.exactMax {
                tables += 1
                return -tables
            }
            defer { values += count }
            return values
        }
        return (places, values, tables)
    }

    func write(_ cell: Int, unitCount: Int, to figures: inout SliceFigures) {
        figures.durationSum = Int128(carries[cell]) << 64 + Int128(sums[cell])
        figures.durationMax = greatest[cell]
        let place = places[cell]
        if place >= 0 {
            figures.durations = QuantileSketch(Array(values[place - unitCount..<place]))
        } else {
            let first = (-1 - place) * QuantileSketch.bucketCount
            figures.durations = QuantileSketch(
                buckets: buckets[first..<first + QuantileSketch.bucketCount], count: unitCount)
        }
    }
}

/// The units that each of some cells shows as examples: failing ones first, newest first. Some more are kept than are
/// shown, since spans of one trace show as one.
struct CellExamples {
    private struct Example {
        let unit: Int32
        let hasFailed: Bool
        let start: Int64
    }

    private static let kept = SliceFigures.examplesMax * 2
    /// `kept` places a cell, best first.
    private var examples: [Example]
    private var counts: [UInt8]

    /// - Parameter cellCount: only the first so many cells have examples.
    init(_ map: CellMap, _ units: MatchedUnits, _ cells: CellCounts, cellCount: Int) {
        examples = [Example](
            repeating: Example(unit: -1, hasFailed: false, start: .min),
            count: cellCount * Self.kept)
        counts = [UInt8](repeating: 0, count: cellCount)
        let passing = cells.units.indices.map { cells.units[$0] - cells.failures[$0] }
        offer(true, map, units, cells.failures, cellCount)
        // Where failures are enough, as in the rows that fail most, the other units need no look.
        offer(false, map, units, passing, cellCount)
    }

    /// Offers the units that failed, or those that did not, to the cells that have room for any.
    ///
    /// - Parameter available: how many of these units each cell has.
    private mutating func offer(
        _ failed: Bool, _ map: CellMap, _ units: MatchedUnits, _ available: [Int], _ cellCount: Int
    ) {
        let kept = Self.kept
        // For each cell where its examples of this kind begin and may end; those before them are better.
        let firsts = (0..<cellCount).map { $0 * kept + Int(counts[$0]) }
        let ends = (0..<cellCount).map { min(firsts[$0] + available[$0], ($0 + 1) * kept) }
        var next = firsts
        var open = (0..<cellCount).count { firsts[$0] < ends[$0] }
        if open == 0 { return }
        // Of full cells the earliest start that any of them has as its worst.
        func worst() -> Int64 {
            (0..<cellCount).reduce(.max) {
                firsts[$1] < ends[$1] ? min($0, examples[ends[$1] - 1].start) : $0
            }
        }
        let block = FrameTimes.blockUnits
        var bound = Int64.max
        map.cellOf.withUnsafeBufferPointer { cellOf in
            units.hasFailed.withUnsafeBufferPointer { hasFailed in
                // Units lie in the order of time, more or less: so the first that come mostly stay, and once all cells
                // are full and what is left is older, all is said.
                map.units.visitReversed { position, unit in
                    if hasFailed[unit] != failed { return true }
                    let cell = Int(cellOf[position])
                    if cell < 0 || cell >= cellCount || firsts[cell] == ends[cell] { return true }
                    if open == 0, units.lastStarts[unit / block] < bound {
                        bound = worst()
                        if units.lastStarts[unit / block] < bound { return false }
                    }
                    let new = Example(
                        unit: Int32(unit), hasFailed: failed, start: units.starts[unit])
                    var place = next[cell]
                    if place == ends[cell] {
                        // Of equal ones that with the least trace id is shown, and comes last here.
                        if new.start < examples[place - 1].start { return true }
                        place -= 1
                    } else {
                        next[cell] += 1
                        if next[cell] == ends[cell] { open -= 1 }
                    }
                    while place > firsts[cell], new.start >= examples[place - 1].start {
                        examples[place] = examples[place - 1]
                        place -= 1
                    }
                    examples[place] = new
                    bound = .max
                    return true
                }
            }
        }
        for cell in 0..<cellCount { counts[cell] = UInt8(next[cell] - cell * kept) }
    }

    func write(_ cell: Int, traceID: (Int) -> UInt128, to figures: inout SliceFigures) {
        for example in examples[cell * Self.kept..<cell * Self.kept + Int(counts[cell])] {
            figures.addExample(
                .init(
                    hasFailed: example.hasFailed, start: example.start,
                    traceID: traceID(Int(example.unit))))
        }
    }
}
