internal import Spans

/// The two forms of a span's parent: its id, as sent, and its row, where it lies in the same segment.
///
/// A row takes about a byte where an id takes eight, and is what a tree walk needs.
enum ParentRows {
    /// Replaces parent ids by rows where the parent is here.
    static func fold(_ data: inout SegmentData) {
        guard let parents = data.field(SpanField.parentSpanID),
            let traces = data.field(SpanField.traceID)
        else { return }
        let spanIDs = data.numbers(SpanField.spanID)
        let traceCodes = traces.denseCodes(rowCount: data.spanCount)
        let index = SpanIndex(traceCodes: traceCodes, spanIDs: spanIDs)
        var near: (rows: [UInt32], numbers: [UInt64]) = ([], [])
        var far: (rows: [UInt32], numbers: [UInt64]) = ([], [])
        parents.presence.visit { row, entry in
            let id = parents.numbers[entry]
            if let parent = index.row(trace: traceCodes[row], span: id) {
                near.rows.append(UInt32(row))
                near.numbers.append(UInt64(bitPattern: Int64(parent - row)))
            } else {
                far.rows.append(UInt32(row))
                far.numbers.append(id)
            }
        }
        data.columns[.parentRow] = column(.parentRow, near.rows, near.numbers, data.spanCount)
        data.columns[.parentSpanID] = column(.parentSpanID, far.rows, far.numbers, data.spanCount)
    }

    /// Puts the ids back: every parent under `parent_span_id`, no rows.
    static func unfold(_ data: inout SegmentData) throws(DamagedBytes) {
        guard let near = data.columns[.parentRow] else { return }
        let count = data.spanCount
        let spanIDs = data.numbers(SpanField.spanID)
        var ids = [UInt64](repeating: 0, count: count)
        var isSet = [Bool](repeating: false, count: count)
        if let far = data.columns[.parentSpanID] {
            far.presence.visit {
                ids[$0] = far.numbers[$1]
                isSet[$0] = true
            }
        }
        var isDamaged = false
        near.presence.visit { row, entry in
            let parent = row &+ Int(truncatingIfNeeded: Int64(bitPattern: near.numbers[entry]))
            guard spanIDs.indices.contains(parent) else {
                isDamaged = true
                return
            }
            ids[row] = spanIDs[parent]
            isSet[row] = true
        }
        if isDamaged { throw DamagedBytes("parent row out of range") }
        let rows = (0..<UInt32(count)).filter { isSet[Int($0)] }
        data.columns[.parentRow] = nil
        data.columns[.parentSpanID] = column(.parentSpanID, rows, rows.map { ids[Int($0)] }, count)
    }

    /// For each row the row of its parent, or -1: no parent, not here, or itself.
    static func rows(_ near: ColumnData?, rowCount: Int) -> [Int32] {
        var rows = allRows(near, rowCount: rowCount)
        for row in rows.indices where rows[row] == Int32(row) { rows[row] = -1 }
        return rows
    }

    /// The same, where a span that names itself its parent has itself.
    static func allRows(_ near: ColumnData?, rowCount: Int) -> [Int32] {
        var rows = [Int32](repeating: -1, count: rowCount)
        near?.presence.visit { row, entry in
            let offset = Int(truncatingIfNeeded: Int64(bitPattern: near?.numbers[entry] ?? 0))
            let parent = row &+ offset
            if rows.indices.contains(parent) { rows[row] = Int32(parent) }
        }
        return rows
    }

    private static func column(
        _ key: ColumnKey, _ rows: [UInt32], _ numbers: [UInt64], _ rowCount: Int
    ) -> ColumnData? {
        guard !rows.isEmpty else { return nil }
        var column = ColumnData(key: key, presence: Presence(rows: rows, of: rowCount))
        column.numbers = numbers
        return column
    }
}

/// Finds a span's row by trace and span id. Of several with the same ids (a client and a server half)
/// the first is found.
struct SpanIndex {
    private var slots: [Int32]
    private let traceCodes: [UInt32]
    private let spanIDs: [UInt64]

    init(traceCodes: [UInt32], spanIDs: [UInt64]) {
        self.traceCodes = traceCodes
        self.spanIDs = spanIDs
        var size = 16
        while size < spanIDs.count * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        for row in spanIDs.indices {
            var slot = Self.hash(traceCodes[row], spanIDs[row]) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(row)
        }
    }

    func row(trace: UInt32, span: UInt64) -> Int? {
        var slot = Self.hash(trace, span) & (slots.count - 1)
        while slots[slot] >= 0 {
            let row = Int(slots[slot])
            if spanIDs[row] == span, traceCodes[row] == trace { return row }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func hash(_ trace: UInt32, _ span: UInt64) -> Int {
        let mixed = (span ^ UInt64(trace) &* 0x9e37_79b9_7f4a_7c15) &* 0xa076_1d64_78bd_642f
        return Int(truncatingIfNeeded: (mixed ^ mixed >> 32) & 0x7fff_ffff)
    }
}
