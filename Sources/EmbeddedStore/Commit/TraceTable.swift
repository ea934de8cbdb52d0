internal import Spans

/// The traces of a segment or frame by hash, to ask exactly what a filter only guesses.
struct TraceTable: MemorySized {
    private let hashes: [UInt64]
    private let traces: [UInt32]

    init(_ traceIDs: StringTable) {
        let byHash = (0..<traceIDs.count).map { code in
            (traceIDs.withValue(code) { TraceFilter.hash($0) }, UInt32(code))
        }.sorted { $0.0 < $1.0 }
        hashes = byHash.map(\.0)
        traces = byHash.map(\.1)
    }

    var count: Int { hashes.count }
    var byteCount: Int { hashes.count * 12 }
    var allHashes: [UInt64] { hashes }

    /// The hashes that another table has too.
    func shared(with other: TraceTable) -> [UInt64] {
        var found: [UInt64] = []
        var index = 0
        for hash in hashes {
            while index < other.hashes.count, other.hashes[index] < hash { index += 1 }
            if index == other.hashes.count { break }
            if other.hashes[index] == hash { found.append(hash) }
        }
        return found
    }

    /// The number of the trace with this hash within the segment. Of two traces with one hash, which
    /// takes some 10^9 traces to happen, the first is found.
    func trace(_ hash: UInt64) -> Int? {
        var low = 0
        var high = hashes.count
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low < hashes.count && hashes[low] == hash ? Int(traces[low]) : nil
    }
}
