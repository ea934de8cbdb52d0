/// What conjunctions are to be counted, by what they have in common.
///
/// Each item that is in any of them has a row, in which there is a bit for each unit that has it (`ConjunctionBits`).
struct ConjunctionPlan: Sendable {
    let groups: [Group]
    /// How many conjunctions are numbered.
    let count: Int
    /// The dimensions of all items, and by place the row; that of other places is behind all others.
    let dimensions: [(dimension: Int, rowOf: [Int32])]
    let rowCount: Int

    /// Conjunctions that are one item more than the same others.
    struct Group: Sendable {
        /// The rows of what all have.
        let parent: [Int]
        /// The row of what is added, and the number of the conjunction that it makes.
        let added: [(row: Int, number: Int)]
    }

    init(_ candidates: ConjunctionCandidates, _ items: CompareItems) {
        self.init(candidates.extensions, count: candidates.conjunctions.count, items)
    }

    /// For each of some conjunctions a group of its own, to which nothing is added.
    init(of conjunctions: [[UInt16]], _ items: CompareItems) {
        self.init(conjunctions.map { Extensions(items: $0, added: []) }, count: 0, items)
    }

    private init(_ extensions: [Extensions], count: Int, _ items: CompareItems) {
        var rowOf: [Int: Int] = [:]
        func row(_ item: UInt16) -> Int {
            let next = rowOf.count
            return rowOf[Int(item)]
                ?? {
                    rowOf[Int(item)] = next
                    return next
                }()
        }
        groups = extensions.map { group in
            Group(
                parent: group.items.map(row),
                added: group.added.map { (row($0.item), $0.number) })
        }
        self.count = count
        rowCount = rowOf.count
        let byDimension = Dictionary(grouping: rowOf) { items.items[$0.key].dimension }
        dimensions = byDimension.sorted { $0.key < $1.key }.map { dimension, own in
            var rows = [Int32](
                repeating: Int32(rowOf.count), count: items.joined(of: dimension).count + 1)
            for (item, row) in own { rows[Int(items.place(of: item))] = Int32(row) }
            return (dimension, rows)
        }
    }

    /// What a frame's units have of each dimension.
    func columns(
        _ items: CompareItems, _ frame: ComparedFrame, _ resolver: FieldResolver,
        _ control: ScanControl
    ) throws -> [PlacedColumn] {
        try dimensions.map { dimension, _ in
            try control.check()
            return try items.column(dimension, frame, resolver)
        }
    }
}

/// Conjunctions that are one item more than the same others.
struct Extensions: Sendable {
    let items: [UInt16]
    /// What is added, and the number of the conjunction that it makes.
    var added: [(item: UInt16, number: Int)]
}
