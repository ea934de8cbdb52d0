/// Some traces, as they are asked of one large segment after the other: what the filter of a partition rules out is not asked
/// of its segments.
struct AskedTraces {
    private struct Passing {
        let filter: PartitionFilter
        /// Of those hashes that the filter lets through.
        let places: [Int]
        let hashes: [UInt64]
    }

    let hashes: [UInt64]
    private var passing: [ObjectIdentifier: Passing?] = [:]

    init(_ hashes: [UInt64]) { self.hashes = hashes }

    /// The places of the hashes that a segment may have, ascending. Few are strangers.
    mutating func places(in segment: Segment) -> [Int] {
        let own = segment.record.filter
        guard let passing = passing(in: segment.partition), passing.filter.covers(segment) else {
            return own?.places(of: hashes) ?? Array(hashes.indices)
        }
        if passing.places.isEmpty { return [] }
        return own?.places(of: passing.hashes).map { passing.places[$0] } ?? passing.places
    }

    private mutating func passing(in partition: Partition) -> Passing? {
        if let known = passing[ObjectIdentifier(partition)] { return known }
        let found = partition.filter.map { filter in
            let places = filter.traces.places(of: hashes)
            return Passing(filter: filter, places: places, hashes: places.map { hashes[$0] })
        }
        passing[ObjectIdentifier(partition)] = .some(found)
        return found
    }
}
