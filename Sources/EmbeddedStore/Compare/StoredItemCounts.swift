internal import Spans
internal import Store

/// What the stored counts of a frame say of single values of traces: no row is read for them, but for numbers in bands.
struct StoredItemCounts {
    /// By item.
    private(set) var tallies: [UnitTallies]

    /// nil if the frame has no counts, or they are not of just the units that are compared.
    init?(_ items: CompareItems, _ frame: ComparedFrame, _ control: ScanControl) throws {
        tallies = [UnitTallies](repeating: UnitTallies(), count: items.items.count)
        for dimension in items.dimensions.indices {
            try control.check()
            let wanted = items.items.indices.filter { items.items[$0].dimension == dimension }
            if wanted.isEmpty { continue }
            if items.dimensions[dimension].bands != nil {
                try count(items, dimension, frame)
                continue
            }
            var query = frame.query
            query.by = [items.dimensions[dimension].field]
            guard let scan = try CountedQuestion(query, nil)?.scan(frame.frame, control) else {
                return nil
            }
            var keys = ByteDictionary()
            var scratch = KeyBytes()
            for item in wanted {
                let bytes = Array(items.dimensions[dimension].values[Int(items.items[item].code)])
                bytes.withUnsafeBytes { scratch.with($0) { _ = keys.code(of: $0) } }
            }
            // In the order of their bytes, as they are stored and numbered.
            try scan.visitGroups(sorted(wanted, items), of: keys) { _, key, tally in
                tallies[wanted[key]] = UnitTallies(units: tally, traces: tally)
            }
        }
    }

    /// Keys in the order of their values.
    private func sorted(_ wanted: [Int], _ items: CompareItems) -> [Int] {
        let dimension = items.dimensions[items.items[wanted[0]].dimension]
        return wanted.indices.sorted { key, other in
            dimension.precedes(items.items[wanted[key]].code, items.items[wanted[other]].code)
        }
    }

    private mutating func count(
        _ items: CompareItems, _ dimension: Int, _ frame: ComparedFrame
    ) throws {
        let codes = try items.codes(dimension, frame, frame.fields.keepingNothing)
        let numbers = items.numbers(of: dimension)
        frame.selection.visit { _, unit in
            codes.visit(unit) { code in
                guard let item = CompareItems.item(code, numbers) else { return }
                let one = Tally(count: 1, failures: frame.isTarget[unit] ? 1 : 0)
                tallies[item] += UnitTallies(units: one, traces: one)
            }
        }
    }
}
