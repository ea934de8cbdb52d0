internal import Spans

/// Asks large segments for traces and identities, and remembers what it had to read for that.
struct LargeSegmentLookup {
    /// The rows of a large segment by trace.
    struct Index {
        let identities: Identities
        let traceEnds: [UInt32]

        func rows(of trace: Int) -> Range<Int> {
            (trace == 0 ? 0 : Int(traceEnds[trace - 1]))..<Int(traceEnds[trace])
        }
    }

    private enum Content {
        case table(TraceTable)
        case index(Index)
        case contents([UInt64])

        var bytes: Int {
            switch self {
            case .table(let table): table.count * 12
            case .index(let index): index.identities.count * 32
            case .contents(let hashes): hashes.count * 8
            }
        }
    }

    private struct Slot: Hashable {
        enum Kind: CaseIterable { case table, index, contents }
        let segment: ObjectIdentifier
        let kind: Kind
    }

    private let bytesMax: Int
    private var entries: [Slot: (content: Content, lastUse: Int)] = [:]
    private var bytes = 0
    private var clock = 0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// The number of a trace within a segment, or nil if it has no span there. Exact: what the filter
    /// lets through is looked up in the segment's table.
    mutating func trace(_ hash: UInt64, in segment: Segment) throws -> Int? {
        if let filter = segment.record.filter, !filter.contains(hash) { return nil }
        return try table(of: segment).trace(hash)
    }

    /// The places among some hashes of those whose traces a segment has spans of, ascending. Exact as well.
    mutating func places(of asked: inout AskedTraces, in segment: Segment) throws -> [Int] {
        let places = asked.places(in: segment)
        if places.isEmpty { return [] }
        let table = try table(of: segment)
        return places.filter { table.trace(asked.hashes[$0]) != nil }
    }

    mutating func table(of segment: Segment) throws -> TraceTable {
        let slot = Slot(segment: ObjectIdentifier(segment), kind: .table)
        if case .table(let table)? = find(slot) { return table }
        let table = try segment.traceTable()
        insert(slot, .table(table))
        return table
    }

    mutating func identities(of segment: Segment) throws -> Index {
        let slot = Slot(segment: ObjectIdentifier(segment), kind: .index)
        if case .index(let index)? = find(slot) { return index }
        let data = try segment.data { Identities.columns.contains($0) }
        let index = Index(identities: try Identities(data), traceEnds: data.traceEnds)
        insert(slot, .index(index))
        return index
    }

    /// For each row a hash of what was sent (`ContentHashes`). It reads the whole segment, texts too.
    mutating func contents(of segment: Segment) throws -> [UInt64] {
        let slot = Slot(segment: ObjectIdentifier(segment), kind: .contents)
        if case .contents(let hashes)? = find(slot) { return hashes }
        let hashes = try ContentHashes(segment).all
        insert(slot, .contents(hashes))
        return hashes
    }

    /// The ids of traces of a segment, by hash.
    mutating func traceIDs(_ hashes: Set<UInt64>, in segment: Segment) throws -> [[UInt8]] {
        let data = try segment.data { $0 == .traceID }
        guard let traceIDs = data.field(SpanField.traceID) else { return [] }
        let table = try table(of: segment)
        return hashes.compactMap { table.trace($0) }.map { trace in
            traceIDs.strings.withValue(trace) { Array($0) }
        }
    }

    mutating func forget(_ segments: [Segment]) {
        for segment in segments {
            for kind in Slot.Kind.allCases {
                let slot = Slot(segment: ObjectIdentifier(segment), kind: kind)
                if let entry = entries.removeValue(forKey: slot) { bytes -= entry.content.bytes }
            }
        }
    }

    private mutating func find(_ slot: Slot) -> Content? {
        clock += 1
        entries[slot]?.lastUse = clock
        return entries[slot]?.content
    }

    private mutating func insert(_ slot: Slot, _ content: Content) {
        clock += 1
        entries[slot] = (content, clock)
        bytes += content.bytes
        while bytes > bytesMax, entries.count > 1,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            bytes -= oldest.value.content.bytes
            entries[oldest.key] = nil
        }
    }
}
