internal import Spans

/// What the spans of one commit say, compared with copies that end together. Read only where there are such copies.
struct CopyContents {
    private let data: SegmentData
    private var own: [UInt64]?
    private var small: [ObjectIdentifier: [UInt64]] = [:]

    init(_ data: SegmentData) { self.data = data }

    mutating func hash(_ row: Int) -> UInt64 {
        let hashes = own ?? ContentHashes(data).all
        own = hashes
        return hashes[row]
    }

    /// Whether a span says something else than a row of a small segment, or of the same commit.
    ///
    /// A segment that cannot be read is no reason to refuse what may be its only whole copy.
    mutating func differ(_ row: Int, from other: Int, in segment: Segment?) -> Bool {
        guard let segment else { return hash(row) != hash(other) }
        let key = ObjectIdentifier(segment)
        if small[key] == nil { small[key] = (try? ContentHashes(segment))?.all ?? [] }
        guard let hashes = small[key], hashes.indices.contains(other) else { return true }
        return hash(row) != hashes[other]
    }
}
