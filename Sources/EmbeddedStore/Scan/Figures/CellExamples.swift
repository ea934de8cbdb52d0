internal import Store

/// What decides between units as examples, by their number.
struct ExampleUnits {
    /// nil if all that are looked at are of the kind that is wanted.
    let hasFailed: [Bool]?
    let starts: [Int64]
    /// Of spans, a number for each trace; nil if units are traces.
    let traces: [UInt32]?
    /// For each block of units the last start of these and all before them (`UnitStarts.blockUnits`).
    let lastStarts: [Int64]
}

/// The newest units of each of some cells: those that failed, or those that did not. Spans of one trace show as one.
struct CellExamples {
    private struct Example {
        let unit: Int32
        let trace: UInt32
        let start: Int64
    }

    private static let kept = SliceFigures.examplesMax
    private let haveFailed: Bool
    /// `kept` places a cell, newest first.
    private var examples: [Example]
    private var counts: [Int]

    /// - Parameters:
    ///   - haveFailed: which units are meant.
    ///   - available: for each cell how many of these it has.
    init(haveFailed: Bool, _ map: CellMap, _ units: ExampleUnits, available: [Int]) {
        self.haveFailed = haveFailed
        let kept = Self.kept
        examples = [Example](
            repeating: Example(unit: -1, trace: 0, start: .min), count: available.count * kept)
        counts = [Int](repeating: 0, count: available.count)
        let firsts = available.indices.map { $0 * kept }
        let ends = available.indices.map { firsts[$0] + min(available[$0], kept) }
        var next = firsts
        var open = available.count { $0 > 0 }
        if open == 0 { return }
        // Of full cells the earliest start that any of them has as its worst.
        func worst() -> Int64 {
            available.indices.reduce(.max) {
                firsts[$1] < ends[$1] ? min($0, examples[ends[$1] - 1].start) : $0
            }
        }
        let block = UnitStarts.blockUnits
        var bound = Int64.max
        map.cellOf.withUnsafeBufferPointer { cellOf in
            // Units lie in the order of time, but for a few: so the first that come mostly stay, and once all cells are
            // full and what is left is older, all is said.
            map.units.visitReversed { position, unit in
                let cell = Int(cellOf[position])
                if cell < 0 || cell >= firsts.count || firsts[cell] == ends[cell] { return true }
                if let hasFailed = units.hasFailed, hasFailed[unit] != haveFailed { return true }
                if open == 0, units.lastStarts[unit / block] < bound {
                    bound = worst()
                    if units.lastStarts[unit / block] < bound { return false }
                }
                let new = Example(
                    unit: Int32(unit), trace: units.traces?[unit] ?? UInt32(unit),
                    start: units.starts[unit])
                var place = next[cell]
                let same = (firsts[cell]..<place).first { examples[$0].trace == new.trace }
                if let same {
                    if new.start < examples[same].start { return true }
                    place = same
                } else if place == ends[cell] {
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
        for cell in counts.indices { counts[cell] = next[cell] - firsts[cell] }
    }

    /// What a cell shows.
    ///
    /// - Parameter traceID: of a unit.
    func of(_ cell: Int, traceID: (Int) -> UInt128) -> [SliceFigures.Example] {
        examples[cell * Self.kept..<cell * Self.kept + counts[cell]].map {
            .init(hasFailed: haveFailed, start: $0.start, traceID: traceID(Int($0.unit)))
        }
    }
}
