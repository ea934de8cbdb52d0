internal import Store

/// Finds the traces that rows show: failing ones first, newest first.
///
/// Frames are looked through from the newest on, and only until older ones cannot change what a row shows: mostly the
/// newest has all of them.
struct RowExamples {
    /// For each chosen row.
    private(set) var byRow: [[SliceFigures.Example]]

    /// - Parameter chosen: the keys of the rows.
    init(
        _ window: WindowScan, _ places: KeyPlaces, _ chosen: [Int], _ control: ScanControl
    ) throws {
        var rows = [[SliceFigures.Example]](repeating: [], count: chosen.count)
        let order = window.scans.indices.sorted {
            window.scans[$0].newestStart > window.scans[$1].newestStart
        }
        for haveFailed in [true, false] {
            let available = chosen.map { key in
                let tally = window.tally(key)
                return haveFailed ? tally.failures : tally.count - tally.failures
            }
            for index in order {
                try control.check()
                let scan = window.scans[index]
                let isOpen = rows.indices.map { row in
                    // Where each is found that there is, there are no others.
                    rows[row].count { $0.hasFailed == haveFailed } < available[row]
                        && Self.isOpen(rows[row], haveFailed, scan.newestStart)
                }
                if !isOpen.contains(true) { continue }
                let place = try window.keyOf[index].enumerated().map { group, key -> Int32 in
                    let row = key == .max ? -1 : places.place[Int(key)]
                    guard row >= 0, isOpen[Int(row)] else { return -1 }
                    return try scan.hasUnits(group, haveFailed: haveFailed) ? row : -1
                }
                if !place.contains(where: { $0 >= 0 }) { continue }
                let found = try scan.examples(
                    haveFailed: haveFailed, place: place, count: rows.count)
                for (row, examples) in found.enumerated() {
                    for example in examples { rows[row].insert(example) }
                }
            }
        }
        byRow = rows
    }

    /// Whether a unit that starts at `newest` or earlier may yet be shown.
    private static func isOpen(
        _ shown: [SliceFigures.Example], _ haveFailed: Bool, _ newest: Int64
    ) -> Bool {
        guard shown.count == SliceFigures.examplesMax, let last = shown.last else { return true }
        // A unit that failed goes before all that did not.
        if last.hasFailed != haveFailed { return haveFailed }
        return last.start <= newest
    }
}
