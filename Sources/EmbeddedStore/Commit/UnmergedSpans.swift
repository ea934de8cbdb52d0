internal import Spans

/// The identities of the spans in small segments, where most copies of a span are found: a client that got no answer sends
/// again soon.
struct UnmergedSpans {
    private struct Entry {
        let segment: Segment
        let identities: Identities
    }

    private var window = IdentityWindow()
    /// The segments that the window points to, by their number there.
    private var entries: [UInt32: Entry] = [:]
    private var nextNumber: UInt32 = 1

    func identities(of segment: Segment) -> Identities? {
        entries.values.first { $0.segment === segment }?.identities
    }

    /// For each segment the hashes of its traces.
    func traces(where isWanted: (Segment) -> Bool) -> [[UInt64]] {
        entries.values.filter { isWanted($0.segment) }.map { TraceHasher($0.identities).all }
    }

    /// Takes up a segment that is there already.
    mutating func adopt(_ segment: Segment, _ identities: Identities, deleted: RowSet?) {
        let number = nextNumber
        register(segment, identities)
        fill(number, identities, deleted)
    }

    /// Looks the spans of a commit up, and puts them in their places; `register` or `rebuild` must follow.
    ///
    /// - Parameters:
    ///   - hashes: of the traces of `identities`.
    ///   - deletions: gets the rows of other segments that these replace.
    ///   - own: gets the rows of these that others replace, or that are there already.
    ///   - isDuplicate: is called with each row of which there was a copy.
    mutating func add(
        _ identities: Identities, _ hashes: [UInt64], to partition: Partition,
        _ contents: inout CopyContents, _ deletions: inout Deletions, _ own: inout RowSet,
        _ isDuplicate: (Int) -> Void
    ) {
        let entries = entries
        let number = nextNumber
        for row in 0..<identities.count {
            let traceHash = hashes[Int(identities.traceCodes[row])]
            func at(_ location: IdentityWindow.Location) -> Identities? {
                if location.segment == number { return identities }
                guard let found = entries[location.segment], found.segment.partition === partition
                else { return nil }
                return found.identities
            }
            func replaces(_ location: IdentityWindow.Location) -> Bool {
                Identities.laterReplaces(
                    earlierEnd: at(location)?.ends[Int(location.row)] ?? 0,
                    laterEnd: identities.ends[row]
                ) {
                    contents.differ(
                        row, from: Int(location.row), in: entries[location.segment]?.segment)
                }
            }
            let found = window.insert(
                identities.hash(row, traceHash: traceHash),
                .init(segment: number, row: UInt32(row)),
                isSame: { location in
                    at(location).map { identities.isSame(row, as: $0, Int(location.row)) } ?? false
                },
                replaces: replaces)
            guard let found else { continue }
            isDuplicate(row)
            if !replaces(found) {
                own.insert(row)
            } else if found.segment == number {
                own.insert(Int(found.row))
            } else if let segment = entries[found.segment]?.segment {
                deletions.insert(Int(found.row), in: segment)
            }
        }
    }

    /// The spans that were added last are written, or none of them was left to write.
    mutating func register(_ segment: Segment?, _ identities: Identities) {
        if let segment { entries[nextNumber] = Entry(segment: segment, identities: identities) }
        nextNumber += 1
    }

    /// The spans that were added last were not written: the window must not point to them.
    mutating func rebuild(_ views: [SegmentView]) {
        window = IdentityWindow()
        for view in views {
            for (number, entry) in entries where entry.segment === view.segment {
                fill(number, entry.identities, view.deleted)
            }
        }
    }

    mutating func remove(where isGone: (Segment) -> Bool) {
        let gone = Set(entries.filter { isGone($0.value.segment) }.keys)
        window.remove(segments: gone)
        for number in gone { entries[number] = nil }
    }

    private mutating func fill(_ number: UInt32, _ identities: Identities, _ deleted: RowSet?) {
        let hashes = TraceHasher(identities).all
        for row in 0..<identities.count where deleted?.contains(row) != true {
            _ = window.insert(
                identities.hash(row, traceHash: hashes[Int(identities.traceCodes[row])]),
                .init(segment: number, row: UInt32(row)),
                isSame: { _ in false }, replaces: { _ in false })
        }
    }
}
