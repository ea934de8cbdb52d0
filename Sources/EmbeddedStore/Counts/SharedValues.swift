internal import Spans
internal import Store

extension SegmentCounts {
    /// Whether each span of a frame has just those values of a field that its trace has, so that what is stored of traces says
    /// what spans have.
    ///
    /// The counts prove it. No span has a value that its trace has not, so the spans of all traces have at most as many values as
    /// there would be if each had all of its trace's; where they have as many, each has all.
    func areShared(_ field: Field, by frame: any Frame) throws -> Bool {
        // Of these a trace has its root's.
        if FieldResolver.isOfRoot(field) { return false }
        let apart = try whole().apart
        // Of traces that were not counted nothing is known; mostly they lie in another frame.
        guard apart.allSatisfy({ frame.skipped?[Int($0)] == true }) else { return false }
        return try frame.derived("shared \(number) \(field.scope) \(field.name)") {
            // Of most fields they are looked at here alone, and once.
            guard let table = try values(of: field),
                let stored = try traceValues(of: field, isPassing: true)
            else { return Truth(false) }
            return Truth(try reading { try hasAll(table, stored, frame, apart) })
        }.isTrue
    }

    private func hasAll(
        _ table: CountTable, _ stored: UnitCodes, _ frame: any Frame, _ apart: [UInt32]
    ) throws -> Bool {
        var counted = 0
        try table.visit(.span) { number, _, tally in if number > 0 { counted += tally.count } }
        var isCounted = [Bool](repeating: true, count: frame.traceCount)
        for trace in apart { isCounted[Int(trace)] = false }
        var most = 0
        stored.reading(owners: nil) { codes in
            frame.visitTraces { trace, rows in
                if !isCounted[trace] { return }
                codes.visit(trace) { if $0 > 0 { most += rows.count } }
            }
        }
        return counted == most
    }

    private struct Truth: MemorySized {
        let isTrue: Bool
        var byteCount: Int { 1 }

        init(_ isTrue: Bool) { self.isTrue = isTrue }
    }
}
