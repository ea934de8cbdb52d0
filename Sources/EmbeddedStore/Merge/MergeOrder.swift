internal import Spans

/// The order of a large segment: by the trace's first start, then trace id, then the span's start and
/// id. A trace's spans become neighbours, and time stays prunable.
enum MergeOrder {
    struct Result {
        let order: [RowAddress]
        let traceEnds: [UInt32]
    }

    /// Orders all rows of `sources` that are not deleted.
    static func order(
        _ sources: [SegmentData], deleted: [RowSet?]
    ) throws(DamagedBytes) -> Result {
        var traces = ByteDictionary()
        var rows: [Row] = []
        var firstStart: [UInt64] = []
        // A damaged mark may name a trace that its segment has not: then none of its rows are asked for.
        for (index, source) in sources.enumerated() where source.spanCount > 0 {
            guard let traceIDs = source.field(SpanField.traceID),
                traceIDs.presence.count == source.spanCount
            else { throw DamagedBytes("spans without trace ids") }
            // Only traces of rows that are taken: of a large segment these may be few.
            var codes = [UInt32](repeating: .max, count: traceIDs.strings.count)
            let starts = source.numbers(SpanField.start)
            let spanIDs = source.numbers(SpanField.spanID)
            for row in 0..<source.spanCount where deleted[index]?.contains(row) != true {
                let own = Int(traceIDs.codes[row])
                if codes[own] == .max {
                    codes[own] = traceIDs.strings.withValue(own) { traces.code(of: $0) }
                    if firstStart.count < traces.count { firstStart.append(.max) }
                }
                let trace = codes[own]
                firstStart[Int(trace)] = min(firstStart[Int(trace)], starts[row])
                rows.append(
                    Row(
                        rank: trace, start: starts[row], spanID: spanIDs[row],
                        address: RowAddress(source: Int32(index), row: Int32(row))))
            }
        }
        let rank = ranks(traces, firstStart)
        for index in rows.indices { rows[index].rank = rank[Int(rows[index].rank)] }
        rows.sort()
        return Result(order: rows.map(\.address), traceEnds: traceEnds(rows))
    }

    private struct Row: Comparable {
        /// First the trace's code, then its place in the order.
        var rank: UInt32
        let start: UInt64
        let spanID: UInt64
        let address: RowAddress

        static func < (a: Row, b: Row) -> Bool {
            if a.rank != b.rank { return a.rank < b.rank }
            if a.start != b.start { return a.start < b.start }
            return a.spanID < b.spanID
        }

        static func == (a: Row, b: Row) -> Bool {
            a.rank == b.rank && a.start == b.start && a.spanID == b.spanID
        }
    }

    /// For each trace its place in the order of (first start, id).
    private static func ranks(_ traces: ByteDictionary, _ firstStart: [UInt64]) -> [UInt32] {
        let order = (0..<traces.count).sorted { a, b in
            let (first, second) = (firstStart[a], firstStart[b])
            if first != second { return first < second }
            return traces[a].lexicographicallyPrecedes(traces[b])
        }
        var rank = [UInt32](repeating: 0, count: order.count)
        for (place, trace) in order.enumerated() { rank[trace] = UInt32(place) }
        return rank
    }

    private static func traceEnds(_ rows: [Row]) -> [UInt32] {
        var ends: [UInt32] = []
        for index in rows.indices.dropFirst() where rows[index].rank != rows[index - 1].rank {
            ends.append(UInt32(index))
        }
        if !rows.isEmpty { ends.append(UInt32(rows.count)) }
        return ends
    }
}
