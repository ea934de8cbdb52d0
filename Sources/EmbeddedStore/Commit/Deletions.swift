internal import Spans

/// Rows of stored segments that a commit supersedes.
struct Deletions {
    private var entries: [ObjectIdentifier: (segment: Segment, rows: [Int])] = [:]

    private(set) var count = 0

    mutating func insert(_ row: Int, in segment: Segment) {
        entries[ObjectIdentifier(segment), default: (segment, [])].rows.append(row)
        count += 1
    }

    var bySegment: [(segment: Segment, rows: [Int])] { Array(entries.values) }
}

/// Traces that large segments share with others, by hash.
struct SharedMarks {
    private var entries: [ObjectIdentifier: (segment: Segment, hashes: Set<UInt64>)] = [:]

    mutating func insert(_ hash: UInt64, _ segment: Segment) {
        entries[ObjectIdentifier(segment), default: (segment, [])].hashes.insert(hash)
    }

    var bySegment: [(segment: Segment, hashes: Set<UInt64>)] { Array(entries.values) }

    var all: [(hash: UInt64, segment: Segment)] {
        entries.values.flatMap { entry in entry.hashes.map { ($0, entry.segment) } }
    }
}

/// The hashes of a batch's traces, as filters and tables know them.
struct TraceHasher {
    /// For each trace code of the batch its hash.
    let all: [UInt64]

    init(_ identities: Identities) {
        all = (0..<identities.traceIDs.count).map { code in
            identities.traceIDs.withValue(code) { TraceFilter.hash($0) }
        }
    }
}
