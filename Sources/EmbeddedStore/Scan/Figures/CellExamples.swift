internal import Store

/// What decides between units as examples, by their number.
struct ExampleUnits {
    let hasFailed: [Bool]
    let starts: [Int64]
    /// For each block of units the last start of these and all before them (`FrameTimes.blockUnits`).
    let lastStarts: [Int64]
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
    init(_ map: CellMap, _ units: ExampleUnits, _ cells: CellCounts, cellCount: Int) {
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
        _ failed: Bool, _ map: CellMap, _ units: ExampleUnits, _ available: [Int], _ cellCount: Int
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
