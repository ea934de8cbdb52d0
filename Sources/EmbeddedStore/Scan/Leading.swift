/// Finds the first of many elements without sorting them all.
enum Leading {
    /// The elements that may be among the first `limit`: these, and all that tie with the last of them. In their order.
    ///
    /// - Parameter precedes: a strict weak order.
    static func of<Element>(
        _ elements: [Element], _ limit: Int, by precedes: (Element, Element) -> Bool
    ) -> [Element] {
        guard limit > 0 else { return [] }
        guard elements.count / 4 > limit else { return elements }
        // A heap of the first ones so far, with the last of them on top.
        var heap = Array(elements[..<limit])
        func sink(_ start: Int) {
            var parent = start
            while true {
                var last = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < limit {
                    if precedes(heap[last], heap[child]) { last = child }
                }
                if last == parent { return }
                heap.swapAt(parent, last)
                parent = last
            }
        }
        for start in (0..<limit / 2).reversed() { sink(start) }
        for element in elements[limit...] where precedes(element, heap[0]) {
            heap[0] = element
            sink(0)
        }
        let last = heap[0]
        return elements.filter { !precedes(last, $0) }
    }
}
