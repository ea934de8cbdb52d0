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
    init(_ tallies: [Tally], cells: [Int32], count: Int) {
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
