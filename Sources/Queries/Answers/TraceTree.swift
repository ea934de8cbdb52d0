internal import Spans

/// The spans of a trace as a tree: depth first, siblings by start and id.
struct TraceTree {
    /// Rows of the batch, children after their parents.
    let order: [Int]
    /// For each of them how many ancestors it has here.
    let depths: [Int]

    init(_ batch: SpanBatch) {
        let count = batch.count
        let ids = (0..<count).map { batch.spans.number(SpanField.spanID, $0) }
        let starts = (0..<count).map { batch.spans.number(SpanField.start, $0) }
        let rowOf = Dictionary(
            ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var children: [Int: [Int]] = [:]
        var roots: [Int] = []
        for row in 0..<count {
            let parent = rowOf[batch.spans.number(SpanField.parentSpanID, row)]
            if let parent, parent != row {
                children[parent, default: []].append(row)
            } else {
                roots.append(row)
            }
        }
        func sorted(_ rows: [Int]) -> [Int] {
            rows.sorted { (starts[$0], ids[$0]) < (starts[$1], ids[$1]) }
        }
        var order: [Int] = []
        var depths: [Int] = []
        var isListed = [Bool](repeating: false, count: count)
        var stack = sorted(roots).reversed().map { (row: $0, depth: 0) }
        // A cycle of parents has no root: its earliest span stands for one.
        var rest = sorted(Array(0..<count)).makeIterator()
        while order.count < count {
            guard let (row, depth) = stack.popLast() ?? rest.next().map({ ($0, 0) }) else { break }
            if isListed[row] { continue }
            isListed[row] = true
            order.append(row)
            depths.append(depth)
            stack += sorted(children[row] ?? []).reversed().map { (row: $0, depth: depth + 1) }
        }
        self.order = order
        self.depths = depths
    }

    /// The lines that lead from each span to its parent, as terminals draw them.
    var branches: [String] {
        var branches: [String] = []
        // For each depth above whether more siblings follow.
        var isOpen: [Bool] = []
        for (place, depth) in depths.enumerated() {
            guard depth > 0 else {
                isOpen = []
                branches.append("")
                continue
            }
            let next = depths[(place + 1)...].first { $0 <= depth }
            let hasSibling = next == depth
            while isOpen.count < depth { isOpen.append(false) }
            isOpen.removeLast(isOpen.count - depth)
            isOpen[depth - 1] = hasSibling
            branches.append(
                isOpen.dropLast().map { $0 ? "│  " : "   " }.joined()
                    + (hasSibling ? "├─ " : "└─ "))
        }
        return branches
    }
}
