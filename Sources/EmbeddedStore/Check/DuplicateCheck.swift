internal import Spans

/// No span is there twice in a partition.
struct DuplicateCheck {
    private var spans: [(hash: UInt64, segment: Int64)] = []

    mutating func add(_ segment: CheckedSegment, _ identities: Identities) {
        let hashes = TraceHasher(identities).all
        for row in 0..<identities.count where segment.isLive(row) {
            let trace = hashes[Int(identities.traceCodes[row])]
            spans.append((identities.hashWithTenant(row, traceHash: trace), segment.record.id))
        }
    }

    /// - Parameter add: is told the segment that has copies, and how many.
    mutating func finish(_ add: (_ segment: Int64, _ found: String) -> Void) {
        spans.sort { ($0.hash, $0.segment) < ($1.hash, $1.segment) }
        var copies: [Int64: Int] = [:]
        for index in spans.indices.dropFirst() where spans[index].hash == spans[index - 1].hash {
            copies[spans[index].segment, default: 0] += 1
        }
        for (segment, count) in copies.sorted(by: { $0.key < $1.key }) {
            add(segment, "\(count) that are there already")
        }
    }
}
