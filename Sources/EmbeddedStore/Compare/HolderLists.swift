/// Lists of units by number, which are gone through twice: what is counted first needs no room to grow.
enum HolderLists {
    /// - Parameters:
    ///   - count: how many numbers there are.
    ///   - visit: calls its parameter with each number and the unit that has it, the same each time.
    @inline(__always)
    static func of(
        _ count: Int, _ visit: (_ body: (_ number: Int, _ unit: Int) -> Void) -> Void
    ) -> [[UInt32]] {
        var next = [Int](repeating: 0, count: count)
        next.withUnsafeMutableBufferPointer { next in
            visit { number, _ in next[number] &+= 1 }
        }
        var total = 0
        for number in next.indices {
            let own = next[number]
            next[number] = total
            total += own
        }
        let starts = next
        let units = [UInt32](unsafeUninitializedCapacity: total) { units, filled in
            next.withUnsafeMutableBufferPointer { next in
                visit { number, unit in
                    units[next[number]] = UInt32(truncatingIfNeeded: unit)
                    next[number] &+= 1
                }
            }
            filled = total
        }
        return starts.indices.map { Array(units[starts[$0]..<next[$0]]) }
    }
}
