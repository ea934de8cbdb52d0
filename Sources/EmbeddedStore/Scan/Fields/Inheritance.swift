/// Fills in what spans inherit: absent on a span, a value comes from the nearest ancestor that has it,
/// else from the trace's only value.
struct Inheritance {
    let parents: [Int32]
    let traceEnds: [UInt32]

    func filled(_ field: ResolvedField) -> ResolvedField {
        let own = field.codes.expanded
        if !own.contains(0) { return field }
        var codes = own
        fromAncestors(&codes)
        fromTrace(own, &codes)
        return ResolvedField(codes: codes, values: field.values, lists: field.lists)
    }

    private func fromAncestors(_ codes: inout [UInt32]) {
        // Settled rows are looked at once; a row on the way is marked, so a cycle of parents ends.
        var isSettled = codes.map { $0 != 0 }
        var path: [Int] = []
        for row in codes.indices where !isSettled[row] {
            var at = row
            while at >= 0, !isSettled[at] {
                isSettled[at] = true
                path.append(at)
                at = Int(parents[at])
            }
            let code = at >= 0 ? codes[at] : 0
            for visited in path { codes[visited] = code }
            path.removeAll(keepingCapacity: true)
        }
    }

    private func fromTrace(_ own: [UInt32], _ codes: inout [UInt32]) {
        var start = 0
        for end in traceEnds {
            let rows = start..<Int(end)
            start = Int(end)
            var only: UInt32 = 0
            var isOnly = true
            for row in rows where own[row] != 0 && own[row] != only {
                isOnly = only == 0
                only = own[row]
                if !isOnly { break }
            }
            if !isOnly || only == 0 { continue }
            for row in rows where codes[row] == 0 { codes[row] = only }
        }
    }
}
